<?php
namespace TicketMetadata\Test\Site;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Test\FaultyServer;

/** What tests on sites begin with, and what they leave behind. */
abstract class SiteTestCase extends TestCase {

	protected const DESKS = [ 'awesome-support', 'supportcandy', 'kb-support' ];

	/** Of a ticket, what a help desk says. */
	private const FIELDS = [ 'customer_id', 'subject', 'status', 'category', 'priority', 'channel', 'assigned_to', 'created_at' ];

	/** For what comes when it comes, on a slow machine. */
	private const SECONDS_MAX = 60;

	protected Site $site;

	protected Database $database;

	private int $logLength;

	protected function setUp(): void {
		$this->site     = Site::behindNginx();
		$this->database = new Database();
		$this->database->forget( getenv( 'SITE_TABLE_PREFIX' ) );
		$this->logLength = strlen( $this->site->log() );
	}

	/** However the test ended: the next one finds everything as it was. */
	protected function tearDown(): void {
		FaultyServer::order( 'all-back' );
		$this->site->settle();
		$this->site->configure( [] );
		Service::forgetConflicts();
	}

	/** A plugin that warns is one that nobody has looked at. */
	protected function assertPostConditions(): void {
		$this->site->settle();
		$lines   = explode( "\n", substr( $this->site->log(), $this->logLength ) );
		// Two pages that set a term at the same moment make WordPress fail to insert it twice, and the test is in the trace.
		$ours    = '#/wordpress/ticket-metadata/|WordPress database error.*TicketMetadata\\\\(?!Test\\\\)#';
		self::assertSame( [], array_values( preg_grep( $ours, $lines ) ) );
	}

	public static function until( callable $check, string $what ): void {
		$until = microtime( true ) + self::SECONDS_MAX;
		while ( ! $check() ) {
			if ( microtime( true ) > $until ) {
				self::fail( "After a minute it is still not so that $what." );
			}
			usleep( 20000 );
		}
	}

	/** @return array[] */
	protected function outbox(): array {
		return $this->database->outbox( getenv( 'SITE_TABLE_PREFIX' ) );
	}

	/** @return array[] the operations of each batch that arrived */
	protected static function batches( FaultyServer $server ): array {
		$requests = array_filter( $server->seen(), static fn( array $seen ): bool => $seen['path'] === '/tickets/batch' );
		return array_column( array_column( $requests, 'body' ), 'operations' );
	}

	/** Has all that the site's help desks have reached the service, and through it MySQL? */
	protected function assertAllAgree( int $count, string ...$desks ): void {
		$told = [];
		foreach ( $desks === [] ? self::DESKS : $desks as $desk ) {
			foreach ( $this->site->tickets( $desk ) as $id => $ticket ) {
				$told[ self::ticketId( $desk, $id ) ] = self::fields( $ticket );
			}
		}
		self::assertCount( $count, $told, 'what the test has made' );
		$ids = array_keys( $told );
		self::assertSame( $told, self::ordered( $ids, Service::tickets( $ids ) ), 'the service' );
		Service::flush( $ids );
		self::assertSame( $told, self::ordered( $ids, $this->database->rows( $ids ) ), 'MySQL' );
		self::assertSame( [], $this->outbox() );
		self::assertSame( [], Service::conflicts() );
	}

	/** What the service calls a ticket of a site that is alone: Awesome Support is its first help desk. */
	protected static function ticketId( string $desk, int $id ): int {
		return array_search( $desk, self::DESKS, true ) * 100000000000 + $id;
	}

	protected static function fields( array $ticket ): array {
		$fields = [];
		foreach ( self::FIELDS as $name ) {
			$fields[ $name ] = $ticket[ $name ] ?? null;
		}
		return $fields;
	}

	/** @param array<int, array> $tickets */
	private static function ordered( array $ids, array $tickets ): array {
		$ordered = [];
		foreach ( $ids as $id ) {
			$ordered[ $id ] = isset( $tickets[ $id ] ) ? self::fields( $tickets[ $id ] ) : null;
		}
		return $ordered;
	}

	protected static function service( array $constants = [] ): array {
		return $constants + [ 'TICKET_METADATA_TIMEOUT_MS' => 20000, 'TICKET_METADATA_CONNECT_TIMEOUT_MS' => 20000 ];
	}
}
