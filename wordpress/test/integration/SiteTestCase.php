<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\OptionState;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** A site with one help desk, the desk of the tests, that leaves nothing behind. */
abstract class SiteTestCase extends TestCase {

	protected Desk $desk;

	/** @var \WP_Error[] */
	protected array $errors = [];

	/** @var array{string, callable}[] */
	private array $hooks = [];

	protected function setUp(): void {
		$this->desk = new Desk();
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->desk ] );
		$this->hook(
			'ticket_metadata_error',
			function ( \WP_Error $error ): void {
				$this->errors[] = $error;
			}
		);
		$this->use( getenv( 'SERVICE_URL' ) );
		// WP-Cron runs.
		Schedule::end();
		Schedule::begin();
	}

	protected function tearDown(): void {
		global $wpdb;
		foreach ( $this->hooks as [ $name, $callback ] ) {
			remove_filter( $name, $callback );
		}
		delete_option( Config::OPTION );
		delete_option( TicketIds::OPTION );
		delete_option( 'ticket_metadata_dropped' );
		$wpdb->query( 'DROP TABLE IF EXISTS ' . OutboxTable::name() );
		OutboxTable::forget();
		Plugin::forgetClient();
		// What one test found to be unavailable may be available in the next.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( OptionState::PREFIX ) . '%' ) );
		wp_cache_delete( 'alloptions', 'options' );
	}

	protected function hook( string $name, callable $callback ): void {
		add_filter( $name, $callback, 10, 9 );
		$this->hooks[] = [ $name, $callback ];
	}

	protected function use( string $url, array $option = [] ): void {
		update_option( Config::OPTION, $option + [ 'url' => $url, 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
	}

	/** @param callable(string): string $change what the database is asked instead, and does not like */
	protected function whileQueries( callable $change, callable $act ): void {
		global $wpdb;
		// The table itself is there.
		OutboxTable::ensure();
		add_filter( 'query', $change );
		$wpdb->suppress_errors( true );
		try {
			$act();
		} finally {
			$wpdb->suppress_errors( false );
			remove_filter( 'query', $change );
		}
	}

	/** @return callable(string): string */
	protected static function failingOfOutbox(): callable {
		return static fn( string $query ): string => strpos( $query, 'ticket_metadata_outbox' ) !== false ? 'SELECT nothing FROM nowhere' : $query;
	}

	/** An id that no other test uses. */
	protected static function newId(): int {
		return random_int( 1, 2 ** 52 );
	}

	/** @return array|false */
	protected function atService( int $id ) {
		$this->use( getenv( 'SERVICE_URL' ) );
		return ticket_metadata_get( $id );
	}

	/** @return string[] */
	protected function errorCodes(): array {
		return array_map( static fn( \WP_Error $error ): string => $error->get_error_code(), $this->errors );
	}
}
