<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Spool;
use TicketMetadata\Changes\SpoolRow;
use TicketMetadata\Changes\SpoolTable;

/** The tickets that wait, in the site's database. */
final class SpoolTest extends SiteTestCase {

	private Spool $spool;

	private Outcome $away;

	protected function setUp(): void {
		parent::setUp();
		$this->spool = new Spool();
		$this->away  = Outcome::undelivered( 'timeout', 'Too late.' );
	}

	/** @return int[] */
	private function due( int $afterId = 0, int $limit = 10 ): array {
		return array_map( static fn( SpoolRow $row ): int => $row->ticketId, $this->spool->due( $afterId, $limit ) );
	}

	public function testATicketWaitsOnceAndKeepsItsPlace(): void {
		foreach ( [ 9, 7, 9, 8 ] as $id ) {
			self::assertTrue( $this->spool->addTicket( 'desk', $id, $this->away ) );
		}
		$this->spool->addTicket( 'other', 9, $this->away );
		self::assertSame( [ 9, 7, 8, 9 ], $this->due() );
		self::assertSame( [ 7, 8 ], $this->due( $this->spool->rows( 1 )[0]->id, 2 ) );
		self::assertSame( 4, $this->spool->depth() );
		$row = $this->spool->rows( 1 )[0];
		self::assertSame( [ 'desk', 'timeout', 'Too late.', 0, 2 ], [ $row->source, $row->errorCode, $row->errorDetail, $row->refusals, $row->revision ] );
		self::assertEqualsWithDelta( time(), $this->spool->oldestAt(), 60 );
	}

	public function testAnEmptyOneIsEmpty(): void {
		self::assertSame( [ 0, 0, 0, null, [] ], [ $this->spool->depth(), $this->spool->refused(), $this->spool->dropped(), $this->spool->oldestAt(), $this->due() ] );
	}

	public function testDeferredFieldsAreMerged(): void {
		$this->spool->addFields( 7, [ 'status' => 'open', 'subject' => "Größe 🛒 \"/\\", 'custom_fields' => [ 'a' => 1.0, 'b' => 2 ] ], $this->away );
		$this->spool->addFields( 7, [ 'status' => 'closed', 'priority' => null, 'custom_fields' => [ 'b' => null ] ], $this->away );
		self::assertSame(
			[ 'status' => 'closed', 'subject' => "Größe 🛒 \"/\\", 'custom_fields' => [ 'a' => 1.0, 'b' => null ], 'priority' => null ],
			$this->spool->rows( 1 )[0]->fields
		);
		$this->spool->addTicket( 'desk', 8, $this->away );
		self::assertSame( [ 7 => true ], $this->spool->waiting( '', [ 7, 8 ] ) );
		self::assertSame( [ 8 => true ], $this->spool->waiting( 'desk', [ 7, 8 ] ) );
		self::assertSame( [], $this->spool->waiting( 'other', [ 7, 8 ] ) );
		self::assertSame( [], $this->spool->waiting( '', [] ) );
	}

	public function testWhatChangedSinceItWasReadStays(): void {
		$this->spool->addTicket( 'desk', 7, $this->away );
		[ $row ] = $this->spool->rows( 1 );
		$this->spool->addTicket( 'desk', 7, $this->away );
		$this->spool->note( $row, Outcome::refused( 'validation_failed', 'Of the older one.' ) );
		$this->spool->remove( $row );
		self::assertSame( [ 7 ], $this->due() );
		self::assertSame( 0, $this->spool->refused() );
		$this->spool->remove( $this->spool->rows( 1 )[0] );
		self::assertSame( 0, $this->spool->depth() );
	}

	public function testWhatWasRefusedWaitsLongerUnlessItChanges(): void {
		$this->spool->addTicket( 'desk', 7, $this->away );
		$this->spool->note( $this->spool->rows( 1 )[0], Outcome::refused( 'validation_failed', str_repeat( '🛒', 600 ) ) );
		self::assertSame( [], $this->due() );
		self::assertSame( 1, $this->spool->refused() );
		$row = $this->spool->rows( 1 )[0];
		self::assertSame( [ 'validation_failed', str_repeat( '?', 500 ), 1 ], [ $row->errorCode, $row->errorDetail, $row->refusals ] );

		$this->spool->addTicket( 'desk', 7, $this->away );
		self::assertSame( [ 7 ], $this->due(), 'its change may be what was missing' );
		$this->spool->note( $this->spool->rows( 1 )[0], Outcome::refused( 'validation_failed', '' ) );
		self::assertSame( 2, $this->spool->rows( 1 )[0]->refusals );
		$this->spool->hurry();
		self::assertSame( [ 7 ], $this->due() );
	}

	public function testWhatCouldNotBeSentIsDueAtOnce(): void {
		$this->spool->addTicket( 'desk', 7, $this->away );
		$this->spool->note( $this->spool->rows( 1 )[0], Outcome::undelivered( 'circuit_open', 'Later.' ) );
		self::assertSame( [ 7 ], $this->due() );
		self::assertSame( [ 'circuit_open', 0 ], [ $this->spool->rows( 1 )[0]->errorCode, $this->spool->refused() ] );
	}

	public function testAReasonIsNotForgottenWhenTheServiceCannotBeAsked(): void {
		$this->spool->addTicket( 'desk', 7, Outcome::refused( 'validation_failed', 'The customer.' ) );
		$this->spool->note( $this->spool->rows( 1 )[0], $this->away );
		self::assertSame( 'validation_failed', $this->spool->rows( 1 )[0]->errorCode );
	}

	public function testWhatIsRefusedCanBeTakenOut(): void {
		foreach ( [ 7, 8, 9, 10 ] as $id ) {
			$this->spool->addTicket( 'desk', $id, $this->away );
		}
		foreach ( [ 'validation_failed', 'validation_failed', 'client_error' ] as $number => $code ) {
			$this->spool->note( $this->spool->rows( 10 )[ $number ], Outcome::refused( $code, '' ) );
		}
		$this->spool->addTicket( 'desk', 8, $this->away );
		self::assertSame( 1, $this->spool->discardRefused() );
		self::assertSame( [ 8, 9, 10 ], array_map( static fn( SpoolRow $row ): int => $row->ticketId, $this->spool->rows( 10 ) ), 'not what has changed since, nor what a bridge failed at' );
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
			$this->spool->addTicket( 'desk', $id, $this->away );
		}
		self::assertSame( 1, $counts );
	}

	public function testItHasABoundAndCountsWhatFindsNoRoom(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'spool_max' => 2 ] );
		self::assertTrue( $this->spool->addTicket( 'desk', 7, $this->away ) );
		self::assertTrue( $this->spool->addTicket( 'desk', 8, $this->away ) );
		self::assertFalse( $this->spool->addTicket( 'desk', 9, $this->away ) );
		self::assertFalse( $this->spool->addFields( 10, [ 'status' => 'open' ], $this->away ) );
		self::assertTrue( $this->spool->addTicket( 'desk', 7, $this->away ), 'who waits already needs no room' );
		self::assertSame( [ 2, 2 ], [ $this->spool->depth(), $this->spool->dropped() ] );
		$this->spool->forgetDropped();
		self::assertSame( 0, $this->spool->dropped() );
	}

	public function testAnErrorOfTheDatabaseIsNotTakenForEmptinessAndTheTableComesBack(): void {
		global $wpdb;
		$wpdb->query( 'DROP TABLE ' . SpoolTable::name() );
		$wpdb->suppress_errors( true );
		try {
			$this->spool->depth();
			self::fail( 'a table that is gone has no depth' );
		} catch ( \RuntimeException $error ) {
			self::assertStringContainsString( SpoolTable::name(), $error->getMessage() );
		} finally {
			$wpdb->suppress_errors( false );
		}
		self::assertSame( 0, ( new Spool() )->depth() );
	}

	public function testASiteThatIsDeletedTakesItsTableWithIt(): void {
		self::assertSame( [ 'other', SpoolTable::name() ], apply_filters( 'wpmu_drop_tables', [ 'other' ], get_current_blog_id() ) );
	}

	public function testTheTableIsAsItsDefinitionSays(): void {
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		SpoolTable::forget();
		SpoolTable::ensure();
		$definition = new \ReflectionMethod( SpoolTable::class, 'definition' );
		$definition->setAccessible( true );
		self::assertSame( [], dbDelta( $definition->invoke( null ), false ), 'else each update of the plugin would alter it' );
	}

	public function testOfManyWhoWriteAtATimeNoneIsLost(): void {
		$script = tempnam( sys_get_temp_dir(), 'race' );
		file_put_contents(
			$script,
			'<?php require ' . var_export( __DIR__ . '/wordpress.php', true ) . '; for ( $i = 0; $i < 50; $i++ ) {
				( new TicketMetadata\Changes\Spool() )->addFields( 7, [ "custom_fields" => [ $argv[1] . "_" . $i => true ] ], TicketMetadata\Changes\Outcome::undelivered( "timeout", "" ) );
			}'
		);
		$processes = array_map( static fn( string $name ) => proc_open( [ PHP_BINARY, $script, $name ], [], $pipes ), [ 'a', 'b', 'c' ] );
		$statuses  = array_map( 'proc_close', $processes );
		unlink( $script );
		self::assertSame( [ 0, 0, 0 ], $statuses );
		self::assertCount( 150, $this->spool->rows( 1 )[0]->fields['custom_fields'] );
	}
}
