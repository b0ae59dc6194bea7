<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Plugin;

/** `wp ticket-metadata backfill` */
final class BackfillTest extends CommandTestCase {

	/** @return int[] */
	private function tickets( int $count ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id, [ 'customer_id' => 6 ] );
		}
		return $ids;
	}

	public function testAllTicketsGetToTheService(): void {
		$ids = $this->tickets( 450 );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSaid( 'The desk of the tests: 450 tickets delivered, 0 refused.' );
		self::assertSame( [ 450, 450, true ], [ CommandEnded::$bars[0]->count, CommandEnded::$bars[0]->ticks, CommandEnded::$bars[0]->isFinished ] );
		foreach ( [ 0, 199, 200, 449 ] as $place ) {
			self::assertSame( 6, $this->atService( $ids[ $place ] )['customer_id'] );
		}
		self::assertNotNull( Plugin::lastDelivery()->at() );
	}

	public function testItMayBeRepeatedAndTakesWhatThereIsNow(): void {
		[ $id ] = $this->tickets( 1 );
		$this->command( 'backfill' );
		$this->desk->put( $id, [ 'status' => 'closed' ] );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSame( 'closed', $this->atService( $id )['status'] );
	}

	public function testWhatAgreesIsLeftAlone(): void {
		$ids = $this->tickets( 3 );
		$this->command( 'backfill' );
		$versions = fn(): array => array_map( fn( int $id ): int => $this->atService( $id )['version'], $ids );
		$before   = $versions();
		$this->desk->put( $ids[1], [ 'customer_id' => 6, 'status' => 'waiting' ] );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSaid( '1 ticket delivered, 0 refused. 2 tickets agreed already.' );
		self::assertSame( [ true, false, true ], array_map( static fn( int $old, int $new ): bool => $old === $new, $before, $versions() ) );
	}

	public function testAKeyThatMayOnlyWriteIsNotInTheWay(): void {
		$ids = $this->tickets( 2 );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSame( [ $ids ], $server->batches(), 'what cannot be compared is sent' );
	}

	public function testATicketThatWasClosedIn2019IsClosedIn2019(): void {
		global $wpdb;
		$this->desk     = new DatedDesk();
		[ $old, $open ] = $this->tickets( 2 );
		$server         = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		$this->desk->put( $old, [ 'status' => 'closed', 'created_at' => 1551700000 ] );
		$this->desk->dates = [ $old => [ 'updated_at' => 1551800000, 'closed_at' => 1551790000 ], $open => [ 'updated_at' => 1700000500, 'closed_at' => null ] ];
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertCount( 1, $server->batches(), 'what is missing need not be found out' );
		self::assertSame( [ 1551800000, 1551790000 ], [ $this->atService( $old )['updated_at'], $this->atService( $old )['closed_at'] ] );
		self::assertSame( [ 1700000500, false ], [ $this->atService( $open )['updated_at'], isset( $this->atService( $open )['closed_at'] ) ] );
		self::assertTrue( ticket_metadata_sync( $old ) );
		self::assertSame( '2019-03-05 12:46:40', $wpdb->get_var( $wpdb->prepare( 'SELECT closed_at FROM wp_support_tickets WHERE ticket_id = %d', $old ) ) );
		$version = $this->atService( $old )['version'];
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSaid( '0 tickets delivered, 0 refused. 2 tickets agreed already.' );
		self::assertSame( $version, $this->atService( $old )['version'] );
	}

	public function testWhatWasDeletedInTheServiceStaysSo(): void {
		[ $deleted, $new ] = $this->tickets( 2 );
		ticket_metadata_write( $deleted, [ 'customer_id' => 6 ] );
		Plugin::patientClient()->batch( [ [ 'op' => 'delete', 'ticket_id' => $deleted ] ] );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSaid( '1 ticket delivered, 0 refused. 1 ticket was deleted in the service and stays so.' );
		self::assertSame( [ false, 6 ], [ $this->atService( $deleted ), $this->atService( $new )['customer_id'] ] );
		self::assertSame( 0, $this->command( 'verify' ) );
		self::assertSaid( 'Deleted in the service, and so not there: 1.' );
	}

	public function testItGoesInBatches(): void {
		$this->tickets( 5 );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		self::assertSame( 0, $this->command( 'backfill', [ 'batch' => '2' ] ) );
		self::assertSame( [ 2, 2, 1 ], array_map( 'count', $server->batches() ) );
		self::assertSame( 1, $this->command( 'backfill', [ 'batch' => '501' ] ) );
		self::assertSame( 1, $this->command( 'backfill', [ 'batch' => '0' ] ) );
		self::assertCount( 3, $server->batches() );
	}

	public function testADryRunSendsNothing(): void {
		$this->tickets( 3 );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		self::assertSame( 0, $this->command( 'backfill', [ 'dry-run' => true ] ) );
		self::assertSaid( '3 tickets would be sent, 0 cannot be sent.' );
		self::assertSame( [], $server->seen() );
		self::assertNull( Plugin::lastDelivery()->at() );
	}

	public function testItGoesOnBehindATicket(): void {
		$ids = $this->tickets( 3 );
		self::assertSame( 0, $this->command( 'backfill', [ 'after' => (string) $ids[1] ] ) );
		self::assertSaid( '1 ticket delivered' );
		self::assertFalse( $this->atService( $ids[0] ) );
	}

	public function testAHelpDeskIsChosen(): void {
		$other = new Desk( 'other' );
		$other->put( 2 );
		$this->tickets( 1 );
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->desk, $other ] );
		self::assertSame( 1, $this->command( 'backfill', [ 'after' => '1' ] ) );
		self::assertSaid( 'choose one with --bridge' );
		self::assertSame( 0, $this->command( 'backfill', [ 'bridge' => 'other', 'after' => '1' ] ) );
		self::assertSame( 1, CommandEnded::$bars[0]->ticks );
		self::assertSame( 1, $this->command( 'backfill', [ 'bridge' => 'elsewhere' ] ) );
		self::assertSaid( 'Active are: desk, other.' );
	}

	public function testWithoutAHelpDeskItSaysSo(): void {
		$this->hook( 'ticket_metadata_bridges', '__return_empty_array' );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSaid( 'No help desk' );
	}

	public function testARefusedTicketIsNamedAndHoldsUpNoOther(): void {
		[ $first, $bad, $last ] = $this->tickets( 3 );
		$this->desk->put( $bad, [ 'assigned_to' => -1 ] );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSaid( "Warning: desk ticket $bad was refused: validation_failed." );
		self::assertSaid( '2 tickets delivered, 1 refused' );
		self::assertIsArray( $this->atService( $last ) );
	}

	public function testItWaitsForAServiceThatComesBack(): void {
		$ids = $this->tickets( 3 );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSame( [ 1, 2, 5, 10, 20 ], $this->pauses, 'bounded' );
		self::assertSaid( 'network_error' );

		$this->pauses = [];
		$server       = new FaultyServer();
		$this->use( $server->url( 'overloaded-twice' ) );
		self::assertSame( 0, $this->command( 'backfill', [ 'batch' => '2' ] ) );
		self::assertSaid( '3 tickets delivered' );
		self::assertSame( [ 1, 2 ], $this->pauses );
		self::assertSame( [ $ids[0], $ids[1] ], $server->batches()[2] );
	}

	public function testAServiceThatCannotTellWhetherItKnowsATicketGetsNone(): void {
		$this->tickets( 2 );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch-without-redis' ) );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSaid( 'redis_unavailable' );
		self::assertSame( [], $server->batches() );
	}

	public function testOnlyWhatIsLeftIsSentAgain(): void {
		$ids    = $this->tickets( 2 );
		$server = new FaultyServer();
		$this->use( $server->url( 'first-stored' ) );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSaid( '2 tickets delivered' );
		self::assertSame( [ $ids, [ $ids[1] ] ], $server->batches() );
	}

	public function testWhenItStopsItSaysHowToGoOn(): void {
		$ids    = $this->tickets( 4 );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch-once' ) );
		self::assertSame( 1, $this->command( 'backfill', [ 'batch' => '2' ] ) );
		self::assertSaid( "stopped after 2 tickets: overloaded. The reason of overloaded. Continue with: wp ticket-metadata backfill --bridge=desk --after=$ids[1]" );
		self::assertTrue( CommandEnded::$bars[0]->isFinished );
	}

	public function testItSaysWhichHelpDesksRemain(): void {
		// Beside another help desk an id must be smaller.
		$this->desk->put( random_int( 1, 10 ** 10 ) );
		$second = new Desk( 'second' );
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->desk, $second ] );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSaid( 'backfill --bridge=desk --after=0; wp ticket-metadata backfill --bridge=second' );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertSame( 0, $this->command( 'backfill', [ 'bridge' => 'desk' ] ) );
		self::assertSaid( 'These tickets are in the service: The desk of the tests.' );
	}

	public function testItDoesNotWaitForWhatWaitingDoesNotChange(): void {
		$this->tickets( 1 );
		$this->use( ( new FaultyServer() )->url( 'echo' ) );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSame( [], $this->pauses );
		$this->use( getenv( 'SERVICE_URL' ), [ 'disabled' => true ] );
		self::assertSame( 1, $this->command( 'backfill' ) );
		self::assertSame( [], $this->pauses );
	}

	public function testAWholeOneMakesUpForWhatFoundNoRoom(): void {
		$this->tickets( 1 );
		$lose = function (): void {
			$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 1 ] );
			( new Outbox() )->addTicket( 'desk', 1, Outcome::undelivered( 'timeout', '' ) );
			( new Outbox() )->addTicket( 'desk', 2, Outcome::undelivered( 'timeout', '' ) );
		};
		$lose();
		$this->command( 'backfill', [ 'dry-run' => true ] );
		$this->command( 'backfill', [ 'bridge' => 'desk' ] );
		$this->command( 'backfill', [ 'after' => '1' ] );
		self::assertSame( 1, ( new Outbox() )->dropped() );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSame( 0, ( new Outbox() )->dropped() );
	}

	public function testItsMemoryDoesNotGrow(): void {
		// 20 thousand tickets that do not exist before they are read, as in a table.
		$desk = new class() implements \TicketMetadata\Bridges\Bridge {
			public const COUNT = 20000;
			/** @var int[] */
			public array $bytes = [];
			public function slug(): string {
				return 'large';
			}
			public function name(): string {
				return 'A large desk';
			}
			public function isActive(): bool {
				return true;
			}
			public function listen( callable $mark ): void {}
			public function snapshots( array $ids ): array {
				foreach ( $ids as $id ) {
					// What WordPress's functions would leave behind.
					wp_cache_set( $id, str_repeat( 'x', 1000 ), 'large_desk' );
				}
				return array_fill_keys( $ids, [ 'customer_id' => 1, 'status' => 'open' ] );
			}
			public function ids( int $after, int $limit ): array {
				$this->bytes[] = memory_get_usage();
				return $after >= self::COUNT ? [] : range( $after + 1, min( $after + $limit, self::COUNT ) );
			}
			public function count(): int {
				return self::COUNT;
			}
			public function statuses(): array {
				return [];
			}
			public function idsOfPerson( string $email, int $after, int $limit ): array {
				return [];
			}
		};
		$this->hook( 'ticket_metadata_bridges', static fn(): array => [ $desk ] );
		$this->use( ( new FaultyServer() )->url( 'batch' ) );
		self::assertSame( 0, $this->command( 'backfill', [ 'batch' => '500' ] ) );
		self::assertLessThan( 4 * 1024 * 1024, end( $desk->bytes ) - $desk->bytes[5] );
	}
}
