<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Plugin;

/** The outbox is worked through. */
final class ReplayTest extends SiteTestCase {

	private Outbox $outbox;

	private Outcome $unavailable;

	protected function setUp(): void {
		parent::setUp();
		$this->outbox      = new Outbox();
		$this->unavailable = Outcome::undelivered( 'timeout', 'Too late.' );
	}

	/** @return int[] */
	private function addTicketsToOutbox( int $count ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id );
			$this->outbox->addTicket( 'desk', $id, $this->unavailable );
		}
		return $ids;
	}

	public function testAllIsDeliveredAsItNowStands(): void {
		$ids = $this->addTicketsToOutbox( 3 );
		$this->desk->put( $ids[1], [ 'status' => 'closed' ] );
		$this->outbox->addFields( $ids[0] - 1, [ 'customer_id' => 4, 'status' => 'pending' ], $this->unavailable );
		$tried  = 0;
		$result = Replay::run(
			100,
			static function ( int $count ) use ( &$tried ): void {
				$tried += $count;
			}
		);
		self::assertSame( [ 4, 0, 0, '', false, 4 ], [ $result->delivered, $result->refused, $result->left, $result->stoppedBy, $result->isBusy, $tried ] );
		self::assertSame( [ 'open', 'closed', 'open' ], array_map( fn( int $id ): string => $this->atService( $id )['status'], $ids ) );
		self::assertSame( 'pending', $this->atService( $ids[0] - 1 )['status'] );
		self::assertEqualsWithDelta( time(), Plugin::lastDelivery()->at(), 60 );
	}

	public function testWhileTheServiceIsAwayAllStays(): void {
		$ids = $this->addTicketsToOutbox( 2 );
		$this->use( getenv( 'NOBODY_URL' ) );
		$result = Replay::run( 100 );
		self::assertSame( [ 0, 2, 'network_error' ], [ $result->delivered, $result->left, $result->stoppedBy ] );
		self::assertNotSame( '', $result->stoppedDetail );
		self::assertSame( 'network_error', $this->outbox->rows( 1 )[0]->errorCode );
		self::assertNull( Plugin::lastDelivery()->at() );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertSame( 2, Replay::run( 100 )->delivered );
		self::assertIsArray( $this->atService( $ids[1] ) );
	}

	public function testWhatWasDeletedInTheServiceIsGivenUp(): void {
		[ $deleted, $good ] = $this->addTicketsToOutbox( 2 );
		ticket_metadata_write( $deleted, [ 'customer_id' => 6 ] );
		Plugin::patientClient()->batch( [ [ 'op' => 'delete', 'ticket_id' => $deleted ] ] );
		$this->outbox->addFields( $deleted, [ 'status' => 'pending' ], $this->unavailable );
		$result = Replay::run( 100 );
		self::assertSame( [ 1, 0, 2, 0, '' ], [ $result->delivered, $result->refused, $result->deleted, $result->left, $result->stoppedBy ] );
		self::assertSame( [ 'ticket_deleted', 'ticket_deleted' ], $this->errorCodes() );
		self::assertIsArray( $this->atService( $good ) );
	}

	public function testWhatMayNotBeDeletedHoldsUpNoOther(): void {
		$this->desk         = new DatedDesk();
		[ $deleted, $good ] = $this->addTicketsToOutbox( 2 );
		ticket_metadata_write( $deleted, [ 'customer_id' => 1 ] );
		unset( $this->desk->tickets[ $deleted ] );
		$this->use( ( new FaultyServer() )->url( 'service-with-lesser-key' ) );
		$result = Replay::run( 100 );
		self::assertSame( [ 1, 1, 1, '' ], [ $result->delivered, $result->refused, $result->left, $result->stoppedBy ] );
		self::assertSame( [ 'forbidden', $deleted ], [ $this->outbox->rows( 1 )[0]->errorCode, $this->outbox->rows( 1 )[0]->ticketId ] );
		self::assertSame( 'closed', $this->atService( $deleted )['status'] );
		self::assertIsArray( $this->atService( $good ) );
		$this->outbox->hurry();
		self::assertSame( [ 1, 0 ], [ Replay::run( 100 )->delivered, $this->outbox->depth() ], 'with a key that may' );
		self::assertSame( 410, Plugin::patientClient()->get( $deleted )->status );
	}

	public function testItStopsAtTheFirstThatTheServiceCannotTake(): void {
		$this->addTicketsToOutbox( 500 );
		$server = new FaultyServer();
		$this->use( $server->url( 'overloaded' ) );
		self::assertSame( 'overloaded', Replay::run( 1000 )->stoppedBy );
		self::assertCount( 1, $server->seen() );
	}

	/** @return array<string, array{string, string}> */
	public function statesWithoutRedis(): array {
		return [
			'Redis is unavailable'                  => [ 'batch-without-redis', 'redis_unavailable' ],
			'the journal is being replayed'          => [ 'batch-catching-up', 'redis_unavailable' ],
			'Redis and the journal are unavailable' => [ 'not-ready', 'redis_unavailable' ],
		];
	}

	/** @dataProvider statesWithoutRedis */
	public function testWhatTheServiceCannotJudgeStays( string $behaviour, string $code ): void {
		$this->addTicketsToOutbox( 2 );
		$server = new FaultyServer();
		$this->use( $server->url( $behaviour ) );
		$result = Replay::run( 100 );
		self::assertSame( [ 0, 2, $code ], [ $result->delivered, $result->left, $result->stoppedBy ] );
		self::assertSame( [ '/health/ready' ], array_column( $server->seen(), 'path' ) );
	}

	public function testAServiceWhoseHealthIsHiddenIsSentTo(): void {
		$this->addTicketsToOutbox( 2 );
		$this->use( ( new FaultyServer() )->url( 'batch-without-health' ) );
		self::assertSame( 2, Replay::run( 100 )->delivered );
	}

	public function testARefusedOneHoldsUpNoOtherAndIsSeen(): void {
		[ $first, $bad, $last ] = $this->addTicketsToOutbox( 3 );
		$this->desk->put( $bad, [ 'assigned_to' => -1 ] );
		$result = Replay::run( 100 );
		self::assertSame( [ 2, 1, 1, '' ], [ $result->delivered, $result->refused, $result->left, $result->stoppedBy ] );
		[ $row ] = $this->outbox->rows( 1 );
		self::assertSame( [ $bad, 'validation_failed' ], [ $row->ticketId, $row->errorCode ] );
		self::assertSame( 0, Replay::run( 100 )->refused, 'it waits' );
		$this->desk->put( $bad, [ 'assigned_to' => 2 ] );
		$this->outbox->addTicket( 'desk', $bad, $this->unavailable );
		self::assertSame( [ 1, 0 ], [ Replay::run( 100 )->delivered, $this->outbox->depth() ] );
	}

	public function testAHelpDeskThatIsSwitchedOffHoldsUpNoOther(): void {
		$this->outbox->addTicket( 'gone', 7, $this->unavailable );
		[ $id ] = $this->addTicketsToOutbox( 1 );
		$result = Replay::run( 100 );
		self::assertSame( [ 1, 1 ], [ $result->delivered, $result->refused ] );
		self::assertSame( 'help_desk_inactive', $this->outbox->rows( 1 )[0]->errorCode );
		self::assertIsArray( $this->atService( $id ) );
	}

	public function testABridgesMistakeHoldsUpNoOther(): void {
		$this->addTicketsToOutbox( 1 );
		$this->desk->beforeReading = static function (): void {
			throw new \DomainException( 'of the bridge' );
		};
		$id = self::newId();
		$this->outbox->addFields( $id, [ 'customer_id' => 4 ], $this->unavailable );
		$result = Replay::run( 100 );
		self::assertSame( [ 1, 1 ], [ $result->delivered, $result->refused ] );
		self::assertStringContainsString( 'of the bridge', $this->outbox->rows( 1 )[0]->errorDetail );
	}

	public function testItDoesNoMoreThanItWasTold(): void {
		$this->addTicketsToOutbox( 3 );
		self::assertSame( [ 2, 1 ], [ Replay::run( 2 )->delivered, $this->outbox->depth() ] );
		self::assertSame( 0, Replay::run( 2, null, Deadline::in( 0 ) )->delivered );
		$result = Replay::run( 2 );
		self::assertSame( [ 1, 0 ], [ $result->delivered, $result->left ] );
	}

	public function testOneReplaysAtATime(): void {
		$this->addTicketsToOutbox( 1 );
		$held = null;
		// In the midst of it another PHP process comes, by a connection of its own.
		$this->desk->beforeReading = static function () use ( &$held ): void {
			if ( $held === null ) {
				$held = self::inAnotherProcess( 'echo json_encode( TicketMetadata\Changes\Replay::run( 100 ) );' );
			}
		};
		self::assertSame( 1, Replay::run( 100 )->delivered );
		self::assertTrue( json_decode( $held, true )['isBusy'] );
		self::assertFalse( json_decode( self::inAnotherProcess( 'echo json_encode( TicketMetadata\Changes\Replay::run( 100 ) );' ), true )['isBusy'] );
	}

	private static function inAnotherProcess( string $code ): string {
		$script = tempnam( sys_get_temp_dir(), 'replay' );
		file_put_contents( $script, '<?php require ' . var_export( __DIR__ . '/wordpress.php', true ) . "; $code" );
		$output = shell_exec( escapeshellarg( PHP_BINARY ) . ' ' . escapeshellarg( $script ) );
		unlink( $script );
		return (string) $output;
	}

	public function testWhatFailsInCronEndsNoOtherEvent(): void {
		$break = static fn( string $query ): string => strpos( $query, 'GET_LOCK' ) === false && strpos( $query, 'ticket_metadata_outbox' ) !== false ? 'SELECT nothing FROM nowhere' : $query;
		$this->whileQueries( $break, static fn() => do_action( Schedule::EVENT ) );
		self::assertSame( [ 'replay_failed' ], $this->errorCodes() );
	}

	public function testCronReplays(): void {
		Schedule::begin();
		$event = wp_get_scheduled_event( Schedule::EVENT );
		self::assertSame( [ 60, 'ticket_metadata_minute' ], [ $event->interval, $event->schedule ] );
		[ $id ] = $this->addTicketsToOutbox( 1 );
		do_action( Schedule::EVENT );
		self::assertIsArray( $this->atService( $id ) );
		Schedule::end();
		self::assertFalse( wp_next_scheduled( Schedule::EVENT ) );
	}
}
