<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\RemembersTickets;
use TicketMetadata\Changes\Sender;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** A help desk's stand-in runs, and its bridge listens. What a test stores and hooks is gone after it. */
abstract class HelpDeskTestCase extends TestCase {

	protected const HELP_DESKS = __DIR__ . '/../help-desks';

	protected Bridge $bridge;

	/** @var array{int, bool}[] id and whether it is new, as the bridge told */
	protected array $marks = [];

	/** @var array<string, \WP_Hook> */
	private array $hooks;

	protected function setUp(): void {
		global $wpdb, $wp_filter;
		$this->hooks = array_map(
			static function ( \WP_Hook $hook ): \WP_Hook {
				return clone $hook;
			},
			$wp_filter
		);
		$wpdb->query( 'START TRANSACTION' );
		$this->listen();
	}

	protected function listen(): void {
		$this->bridge->listen(
			function ( int $id, bool $isNew = false ): void {
				$this->marks[] = [ $id, $isNew ];
			}
		);
	}

	/** WordPress's own listeners do not take everything that a bridge must. */
	protected function listenAlone(): void {
		$GLOBALS['wp_filter'] = [];
		$this->listen();
	}

	protected function tearDown(): void {
		global $wpdb;
		$wpdb->query( 'ROLLBACK' );
		$GLOBALS['wp_filter'] = $this->hooks;
		$_POST                = [];
		wp_cache_flush();
		wp_set_current_user( 0 );
		Plugin::forgetClient();
	}

	protected static function user( string $role, string $email = '' ): int {
		$name = 'user-' . bin2hex( random_bytes( 6 ) );
		return wp_insert_user( [ 'user_login' => $name, 'user_pass' => $name, 'user_email' => $email ?: "$name@example.test", 'role' => $role ] );
	}

	/** @return array<int, bool> by id, whether one of the marks said that it is new */
	protected function marksOf( callable $act ): array {
		$this->marks = [];
		$act();
		$marks = [];
		foreach ( $this->marks as [ $id, $isNew ] ) {
			$marks[ $id ] = $isNew || ( $marks[ $id ] ?? false );
		}
		return $marks;
	}

	protected function snapshot( int $id ): ?array {
		$snapshot = $this->bridge->snapshots( [ $id ] )[ $id ] ?? null;
		if ( $this->bridge instanceof RemembersTickets ) {
			self::assertSame( $snapshot, $this->remembered( $id, $snapshot ), 'what this PHP request remembers' );
		}
		if ( isset( $snapshot['status_default'] ) ) {
			self::assertSame( $this->bridge->statuses()[ $snapshot['status'] ]['default'], $snapshot['status_default'] );
			unset( $snapshot['status_default'] );
		}
		return $snapshot;
	}

	/** As another PHP request does, before this one begins. */
	protected static function writeElsewhere( int $post, array $columns ): void {
		global $wpdb;
		$wpdb->update( $wpdb->posts, $columns, [ 'ID' => $post ] );
		wp_cache_flush();
	}

	/** @return array|null what the bridge answers without the database, and the default if it would have to ask */
	protected function remembered( int $id, ?array $default ): ?array {
		$remembered = $this->bridge->remembered( [ $id ] );
		return array_key_exists( $id, $remembered ) ? $remembered[ $id ] : $default;
	}

	/** What the service has of a ticket when it has been sent as it stands. */
	protected function sent( int $id ): array {
		update_option( Config::OPTION, [ 'url' => getenv( 'SERVICE_URL' ), 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
		$outcome = ( new Sender( Plugin::patientClient() ) )->deliver( $this->bridge, [ $id ] )[ $id ];
		self::assertTrue( $outcome->isStored(), wp_json_encode( $outcome ) );
		$ticket = ticket_metadata_get( TicketIds::toService( $this->bridge->slug(), $id ) );
		return array_diff_key( $ticket, array_flip( [ 'ticket_id', 'updated_at', 'closed_at', 'version', 'synced_version' ] ) );
	}

	protected static function queries( callable $act ): int {
		global $wpdb;
		$before = $wpdb->num_queries;
		$act();
		return $wpdb->num_queries - $before;
	}

	/** @return array<string, array{mixed}> what a hook may come with when there is no ticket */
	public function noTickets(): array {
		return [
			'0, of an insert that failed' => [ 0 ],
			'0 as text'                   => [ '0' ],
			'a negative number'           => [ -7 ],
			'false'                       => [ false ],
			'true'                        => [ true ],
			'null'                        => [ null ],
			'text'                        => [ 'seven' ],
			'a list'                      => [ [ 7 ] ],
			'an error'                    => [ new \WP_Error( 'no' ) ],
			'an object that throws'       => [ new ThrowingTicket() ],
		];
	}
}

/** Of another plugin, and broken. */
final class ThrowingTicket {
	public function __get( string $name ) {
		throw new \DomainException( "there is no $name" );
	}
}
