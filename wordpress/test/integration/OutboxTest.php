<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\OutboxRow;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Outcome;

/** The tickets that wait, in the site's database. */
final class OutboxTest extends SiteTestCase {

	private Outbox $outbox;

	private Outcome $unavailable;

	protected function setUp(): void {
		parent::setUp();
		$this->outbox      = new Outbox();
		$this->unavailable = Outcome::undelivered( 'timeout', 'Too late.' );
	}

	/** @return int[] */
	private function due( int $afterId = 0, int $limit = 10 ): array {
		return array_map( static fn( OutboxRow $row ): int => $row->ticketId, $this->outbox->due( $afterId, $limit ) );
	}

	public function testATicketWaitsOnceAndKeepsItsPlace(): void {
		foreach ( [ 9, 7, 9, 8 ] as $id ) {
			self::assertTrue( $this->outbox->addTicket( 'desk', $id, $this->unavailable ) );
		}
		$this->outbox->addTicket( 'other', 9, $this->unavailable );
		self::assertSame( [ 9, 7, 8, 9 ], $this->due() );
		self::assertSame( [ 7, 8 ], $this->due( $this->outbox->rows( 1 )[0]->id, 2 ) );
		self::assertSame( 4, $this->outbox->depth() );
		$row = $this->outbox->rows( 1 )[0];
		self::assertSame( [ 'desk', 'timeout', 'Too late.', 0, 2 ], [ $row->source, $row->errorCode, $row->errorDetail, $row->refusals, $row->revision ] );
		self::assertEqualsWithDelta( time(), $this->outbox->oldestAt(), 60 );
	}

	public function testAnEmptyOneIsEmpty(): void {
		self::assertSame( [ 0, 0, 0, null, [] ], [ $this->outbox->depth(), $this->outbox->refused(), $this->outbox->dropped(), $this->outbox->oldestAt(), $this->due() ] );
	}

	public function testDeferredFieldsAreMerged(): void {
		$this->outbox->addFields( 7, [ 'status' => 'open', 'subject' => "Größe 🛒 \"/\\", 'custom_fields' => [ 'a' => 1.0, 'b' => 2 ] ], $this->unavailable );
		$this->outbox->addFields( 7, [ 'status' => 'closed', 'priority' => null, 'custom_fields' => [ 'b' => null ] ], $this->unavailable );
		self::assertSame(
			[ 'status' => 'closed', 'subject' => "Größe 🛒 \"/\\", 'custom_fields' => [ 'a' => 1.0, 'b' => null ], 'priority' => null ],
			$this->outbox->rows( 1 )[0]->fields
		);
		$this->outbox->addTicket( 'desk', 8, $this->unavailable );
		self::assertSame( [ 7 => true ], $this->outbox->waiting( '', [ 7, 8 ] ) );
		self::assertSame( [ 8 => true ], $this->outbox->waiting( 'desk', [ 7, 8 ] ) );
		self::assertSame( [], $this->outbox->waiting( 'other', [ 7, 8 ] ) );
		self::assertSame( [], $this->outbox->waiting( '', [] ) );
	}

	public function testWhatChangedSinceItWasReadStays(): void {
		$this->outbox->addTicket( 'desk', 7, $this->unavailable );
		[ $row ] = $this->outbox->rows( 1 );
		$this->outbox->addTicket( 'desk', 7, $this->unavailable );
		$this->outbox->note( $row, Outcome::refused( 'validation_failed', 'Of the older one.' ) );
		$this->outbox->remove( $row );
		self::assertSame( [ 7 ], $this->due() );
		self::assertSame( 0, $this->outbox->refused() );
		$this->outbox->remove( $this->outbox->rows( 1 )[0] );
		self::assertSame( 0, $this->outbox->depth() );
	}

	public function testWhatWasRefusedWaitsLongerUnlessItChanges(): void {
		$this->outbox->addTicket( 'desk', 7, $this->unavailable );
		$this->outbox->note( $this->outbox->rows( 1 )[0], Outcome::refused( 'validation_failed', str_repeat( '🛒', 600 ) ) );
		self::assertSame( [], $this->due() );
		self::assertSame( 1, $this->outbox->refused() );
		$row = $this->outbox->rows( 1 )[0];
		self::assertSame( [ 'validation_failed', str_repeat( '?', 500 ), 1 ], [ $row->errorCode, $row->errorDetail, $row->refusals ] );

		$this->outbox->addTicket( 'desk', 7, $this->unavailable );
		self::assertSame( [ 7 ], $this->due(), 'its change may be what was missing' );
		$this->outbox->note( $this->outbox->rows( 1 )[0], Outcome::refused( 'validation_failed', '' ) );
		self::assertSame( 2, $this->outbox->rows( 1 )[0]->refusals );
		$this->outbox->hurry();
		self::assertSame( [ 7 ], $this->due() );
	}

	public function testWhatCouldNotBeSentIsDueAtOnce(): void {
		$this->outbox->addTicket( 'desk', 7, $this->unavailable );
		$this->outbox->note( $this->outbox->rows( 1 )[0], Outcome::undelivered( 'circuit_open', 'Later.' ) );
		self::assertSame( [ 7 ], $this->due() );
		self::assertSame( [ 'circuit_open', 0 ], [ $this->outbox->rows( 1 )[0]->errorCode, $this->outbox->refused() ] );
	}

	public function testAReasonIsNotForgottenWhenTheServiceCannotBeAsked(): void {
		$this->outbox->addTicket( 'desk', 7, Outcome::refused( 'validation_failed', 'The customer.' ) );
		$this->outbox->note( $this->outbox->rows( 1 )[0], $this->unavailable );
		self::assertSame( 'validation_failed', $this->outbox->rows( 1 )[0]->errorCode );
	}

	public function testWhatIsRefusedCanBeTakenOut(): void {
		foreach ( [ 7, 8, 9, 10 ] as $id ) {
			$this->outbox->addTicket( 'desk', $id, $this->unavailable );
		}
		foreach ( [ 'validation_failed', 'validation_failed', 'client_error' ] as $number => $code ) {
			$this->outbox->note( $this->outbox->rows( 10 )[ $number ], Outcome::refused( $code, '' ) );
		}
		$this->outbox->addTicket( 'desk', 8, $this->unavailable );
		self::assertSame( 1, $this->outbox->discardRefused() );
		self::assertSame( [ 8, 9, 10 ], array_map( static fn( OutboxRow $row ): int => $row->ticketId, $this->outbox->rows( 10 ) ), 'not what has changed since, nor what a bridge failed at' );
	}

	public function testALongTableIsCountedOnce(): void {
		$counts = 0;
		$this->hook(
			'query',
			static function ( string $query ) use ( &$counts ): string {
				$counts += strpos( $query, 'COUNT(*)' ) !== false ? 1 : 0;
				return $query;
			}
		);
		foreach ( range( 1, 20 ) as $id ) {
			$this->outbox->addTicket( 'desk', $id, $this->unavailable );
		}
		self::assertSame( 1, $counts );
	}

	public function testItHasABoundAndCountsWhatFindsNoRoom(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 2 ] );
		self::assertTrue( $this->outbox->addTicket( 'desk', 7, $this->unavailable ) );
		self::assertTrue( $this->outbox->addTicket( 'desk', 8, $this->unavailable ) );
		self::assertFalse( $this->outbox->addTicket( 'desk', 9, $this->unavailable ) );
		self::assertFalse( $this->outbox->addFields( 10, [ 'status' => 'open' ], $this->unavailable ) );
		self::assertTrue( $this->outbox->addTicket( 'desk', 7, $this->unavailable ), 'who waits already needs no room' );
		self::assertSame( [ 2, 2 ], [ $this->outbox->depth(), $this->outbox->dropped() ] );
		$this->outbox->forgetDropped();
		self::assertSame( 0, $this->outbox->dropped() );
	}

	public function testManyAreAddedTogether(): void {
		$this->outbox->addTicket( 'desk', 600, Outcome::refused( 'validation_failed', 'No.' ) );
		[ $before ] = $this->outbox->rows( 1 );
		$this->outbox->note( $before, Outcome::refused( 'validation_failed', 'No.' ) );
		self::assertSame( [], $this->due() );
		self::assertSame( [], $this->outbox->addTickets( 'desk', range( 1200, 1 ), $this->unavailable ) );
		self::assertSame( [ 1200, [ 600, 1, 2 ] ], [ $this->outbox->depth(), $this->due( 0, 3 ) ], 'what waited keeps its place, and is due' );
		[ $row, $next ] = $this->outbox->rows( 2 );
		self::assertSame( [ 'No.', 2, 'Too late.', 1 ], [ $row->errorDetail, $row->revision, $next->errorDetail, $next->revision ] );
	}

	public function testOfManyThoseFindRoomForWhomThereIsSome(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 505 ] );
		$this->outbox->addTickets( 'desk', range( 1, 503 ), $this->unavailable );
		self::assertSame( [ 507, 508 ], $this->outbox->addTickets( 'desk', [ 508, 507, 506, 505, 3, 2, 1 ], $this->unavailable ) );
		self::assertSame( [ 505, 2 ], [ $this->outbox->depth(), $this->outbox->dropped() ] );
		self::assertSame( [ 509, 510 ], $this->outbox->addTickets( 'desk', [ 509, 510 ], $this->unavailable ) );
		self::assertSame( [ 505, 4 ], [ $this->outbox->depth(), $this->outbox->dropped() ] );
	}

	public function testADeadlockIsTriedAgain(): void {
		$lost     = 0;
		$deadlock = static function ( string $query ) use ( &$lost ): string {
			return strpos( $query, 'INSERT INTO ' . OutboxTable::name() ) === 0 && ++$lost <= 2 ? "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'" : $query;
		};
		$this->whileQueries( $deadlock, fn() => $this->outbox->addTickets( 'desk', [ 7, 8 ], $this->unavailable ) );
		self::assertSame( [ 3, [ 7, 8 ] ], [ $lost, $this->due() ] );
		$lost = -100;
		try {
			$this->whileQueries( $deadlock, fn() => $this->outbox->addTicket( 'desk', 9, $this->unavailable ) );
			self::fail( 'not for ever' );
		} catch ( \RuntimeException $error ) {
			self::assertStringContainsString( 'Deadlock found', $error->getMessage() );
		}
	}

	public function testAnErrorOfTheDatabaseIsNotTakenForEmptinessAndTheTableComesBack(): void {
		global $wpdb;
		$wpdb->query( 'DROP TABLE ' . OutboxTable::name() );
		$wpdb->suppress_errors( true );
		try {
			$this->outbox->depth();
			self::fail( 'a table that is gone has no depth' );
		} catch ( \RuntimeException $error ) {
			self::assertStringContainsString( OutboxTable::name(), $error->getMessage() );
		} finally {
			$wpdb->suppress_errors( false );
		}
		self::assertSame( 0, ( new Outbox() )->depth() );
	}

	public function testASiteThatIsDeletedTakesItsTableWithIt(): void {
		self::assertSame( [ 'other', OutboxTable::name() ], apply_filters( 'wpmu_drop_tables', [ 'other' ], get_current_blog_id() ) );
	}

	public function testTheTableIsAsItsDefinitionSays(): void {
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		OutboxTable::forget();
		OutboxTable::ensure();
		$definition = new \ReflectionMethod( OutboxTable::class, 'definition' );
		$definition->setAccessible( true );
		self::assertSame( [], dbDelta( $definition->invoke( null ), false ), 'else each update of the plugin would alter it' );
	}

	public function testOfManyWhoWriteAtATimeNoneIsLost(): void {
		$script = tempnam( sys_get_temp_dir(), 'race' );
		file_put_contents(
			$script,
			'<?php require ' . var_export( __DIR__ . '/wordpress.php', true ) . '; for ( $i = 0; $i < 50; $i++ ) {
				$outbox = new TicketMetadata\Changes\Outbox();
				$why    = TicketMetadata\Changes\Outcome::undelivered( "timeout", "" );
				$outbox->addFields( 7, [ "custom_fields" => [ $argv[1] . "_" . $i => true ] ], $why );
				$ids = array_unique( array_map( static fn() => random_int( 1, 1000 ), range( 1, 40 ) ) );
				if ( $outbox->addTickets( "desk", $ids, $why ) !== [] ) { exit( 1 ); }
			}'
		);
		$processes = array_map( static fn( string $name ) => proc_open( [ PHP_BINARY, $script, $name ], [], $pipes ), [ 'a', 'b', 'c' ] );
		$statuses  = array_map( 'proc_close', $processes );
		unlink( $script );
		self::assertSame( [ 0, 0, 0 ], $statuses );
		self::assertCount( 150, $this->outbox->rows( 1 )[0]->fields['custom_fields'] );
		self::assertGreaterThan( 900, $this->outbox->depth() );
	}
}
