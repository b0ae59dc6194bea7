<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\RemembersTickets;
use TicketMetadata\Changes\Outcome;
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

	/** What the service has of a ticket when it has been sent as it stands; null: it was deleted there. */
	protected function sent( int $id ): ?array {
		$outcome = $this->deliver( $id );
		self::assertTrue( $outcome->isStored(), wp_json_encode( $outcome ) );
		$answer = Plugin::patientClient()->get( TicketIds::toService( $this->bridge->slug(), $id ) );
		if ( $answer->status === 410 ) {
			return null;
		}
		return array_diff_key( $answer->body, array_flip( [ 'ticket_id', 'updated_at', 'closed_at', 'version', 'synced_version' ] ) );
	}

	protected function deliver( int $id ): Outcome {
		update_option( Config::OPTION, [ 'url' => getenv( 'SERVICE_URL' ), 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
		return ( new Sender( Plugin::patientClient() ) )->deliver( $this->bridge, [ $id ] )[ $id ];
	}

	/** @return array{?string, ?string} when the ticket was changed and closed, in UTC, as MySQL has it */
	protected function datesInMysql( int $id ): array {
		global $wpdb;
		$ticketId = TicketIds::toService( $this->bridge->slug(), $id );
		self::assertTrue( ticket_metadata_sync( $ticketId ) );
		// The test's own transaction does not see it.
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		$row   = $other->get_row( $other->prepare( 'SELECT updated_at, closed_at FROM wp_support_tickets WHERE ticket_id = %d', $ticketId ), ARRAY_N );
		$other->close();
		return $row;
	}

	/** @param int $id of a ticket that the service does not have: its dates there, and in MySQL */
	protected function assertImported( int $id, string $updated, ?string $closed ): void {
		$this->sent( $id );
		$ticket = ticket_metadata_get( TicketIds::toService( $this->bridge->slug(), $id ) );
		$date   = static fn( ?int $seconds ): ?string => $seconds === null ? null : gmdate( 'Y-m-d H:i:s', $seconds );
		self::assertSame( [ $updated, $closed ], [ $date( $ticket['updated_at'] ), $date( $ticket['closed_at'] ?? null ) ] );
		self::assertSame( [ $updated, $closed ], $this->datesInMysql( $id ) );
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
