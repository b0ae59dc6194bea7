<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Plugin;

/** What a PHP request changed, when it ends. */
final class ShutdownTest extends SiteTestCase {

	/** @var array<string, \WP_Hook> */
	private array $before;

	protected function setUp(): void {
		$this->before = array_map( static fn( \WP_Hook $hook ): \WP_Hook => clone $hook, $GLOBALS['wp_filter'] );
		parent::setUp();
		Plugin::listenToHelpDesks();
	}

	protected function tearDown(): void {
		parent::tearDown();
		// The hooks of help desks that other tests have loaded, too.
		$GLOBALS['wp_filter'] = $this->before;
	}

	public function testAllChangesAreOneBatch(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		foreach ( [ 7, 8, 7 ] as $id ) {
			$this->desk->put( $id );
			do_action( 'desk_changed', $id, $id === 7 );
		}
		self::assertTrue( ticket_metadata_defer( 9, [ 'customer_id' => 1, 'status' => 'open' ] ) );
		self::assertTrue( ticket_metadata_defer( 9, [ 'status' => 'closed' ] ) );
		self::assertSame( [], $server->seen(), 'not before the page is done' );
		AtShutdown::run();
		$operations = array_map( static fn( array $seen ): array => $seen['body']['operations'], $server->seen() );
		self::assertSame( [ [ [ 'create', 7 ], [ 'update', 8 ] ], [ [ 'create', 9 ] ] ], array_map( static fn( array $some ): array => array_map( static fn( array $one ): array => [ $one['op'], $one['ticket_id'] ], $some ), $operations ) );
		self::assertSame( 'closed', $operations[1][0]['status'] );
		AtShutdown::run();
		self::assertCount( 2, $server->seen(), 'and that once' );
		self::assertSame( [], $this->errors );
	}

	public function testItIsTheLastThatHappens(): void {
		self::assertSame( PHP_INT_MAX, has_action( 'shutdown', [ AtShutdown::class, 'run' ] ) );
	}

	public function testWhatCannotBeDeliveredWaits(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$this->desk->put( 7 );
		do_action( 'desk_changed', 7 );
		ticket_metadata_defer( 9, [ 'status' => 'closed' ] );
		AtShutdown::run();
		$rows = ( new Outbox() )->rows( 10 );
		self::assertSame( [ [ 'desk', 7, [] ], [ '', 9, [ 'status' => 'closed' ] ] ], array_map( static fn( $row ): array => [ $row->source, $row->ticketId, $row->fields ], $rows ) );
		self::assertSame( 'network_error', $rows[0]->errorCode );
		self::assertSame( [ 'network_error', 'network_error' ], $this->errorCodes() );
	}

	public function testWhatIsRefusedWaitsToo(): void {
		$id = self::newId();
		ticket_metadata_defer( $id, [ 'customer_id' => 1, 'status' => 'unheard of' ] );
		AtShutdown::run();
		self::assertSame( [ 1, 'validation_failed' ], [ ( new Outbox() )->refused(), ( new Outbox() )->rows( 1 )[0]->errorCode ] );
	}

	public function testWhatWasDeletedInTheServiceDoesNotWait(): void {
		$id = self::newId();
		$this->desk->put( $id );
		ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		Plugin::patientClient()->batch( [ [ 'op' => 'delete', 'ticket_id' => $id ] ] );
		do_action( 'desk_changed', $id );
		ticket_metadata_defer( $id, [ 'status' => 'closed' ] );
		AtShutdown::run();
		self::assertSame( 0, ( new Outbox() )->depth() );
		self::assertSame( [ 'ticket_deleted', 'ticket_deleted' ], $this->errorCodes() );
	}

	public function testOneThatWasClosedLongAgoElsewhereIsImportedByThePageThatOpensIt(): void {
		$this->desk     = new DatedDesk();
		[ $old, $now ]  = [ self::newId(), self::newId() ];
		$this->desk->put( $old, [ 'status' => 'closed' ] );
		$this->desk->put( $now );
		$this->desk->dates = [ $old => [ 'updated_at' => 1700000500, 'closed_at' => 1700000500 ], $now => [ 'updated_at' => 1700000500, 'closed_at' => null ] ];
		$server            = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		do_action( 'desk_changed', $old, true );
		do_action( 'desk_changed', $now, true );
		AtShutdown::run();
		$operations = array_values( array_filter( array_column( $server->seen(), 'body' ) ) )[0]['operations'];
		self::assertSame( [ [ $old, 'import' ], [ $now, 'create' ] ], array_map( static fn( array $one ): array => [ $one['ticket_id'], $one['op'] ], $operations ) );
		self::assertSame( 1700000500, $this->atService( $old )['closed_at'] );
	}

	public function testDeferredFieldsDoNotOvertakeOlderOnes(): void {
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		( new Outbox() )->addFields( $id, [ 'status' => 'pending', 'priority' => 'high' ], Outcome::undelivered( 'timeout', '' ) );
		ticket_metadata_defer( $id, [ 'status' => 'closed' ] );
		AtShutdown::run();
		self::assertSame( 'open', $this->atService( $id )['status'] );
		self::assertSame( [ 'status' => 'closed', 'priority' => 'high' ], ( new Outbox() )->rows( 1 )[0]->fields );
	}

	public function testWhatWaitsDoesNotGoToAServiceThatCannotTellWhetherItKnowsIt(): void {
		( new Outbox() )->addTicket( 'desk', 7, Outcome::undelivered( 'timeout', '' ) );
		$this->desk->put( 7 );
		$this->desk->put( 8 );
		$send = function ( string $behaviour ): array {
			$server = new FaultyServer();
			$this->use( $server->url( $behaviour ) );
			do_action( 'desk_changed', 7 );
			do_action( 'desk_changed', 8 );
			AtShutdown::run();
			$bodies = array_filter( array_column( $server->seen(), 'body' ) );
			return array_column( array_merge( ...array_column( $bodies, 'operations' ) ), 'ticket_id' );
		};
		self::assertSame( [ 8 ], $send( 'batch-without-redis' ) );
		self::assertSame( [ 'redis_unavailable' ], $this->errorCodes() );
		self::assertSame( 2, ( new Outbox() )->rows( 1 )[0]->revision );
		self::assertSame( [ 7, 8 ], $send( 'batch' ), 'also where no cron comes' );
	}

	public function testAnOutboxThatCannotBeReadKeepsNothingFromBeingSent(): void {
		$id = self::newId();
		$this->desk->put( $id );
		do_action( 'desk_changed', $id );
		$this->whileQueries( self::failingOfOutbox(), static fn() => AtShutdown::run() );
		self::assertSame( [ 'outbox_failed' ], $this->errorCodes() );
		self::assertIsArray( $this->atService( $id ) );
	}

	public function testDeferredFieldsWaitForATicketThatMayNotBeThereYet(): void {
		( new Outbox() )->addTicket( 'desk', 7, Outcome::undelivered( 'timeout', '' ) );
		$server = new FaultyServer();
		$this->use( $server->url( 'batch-without-redis' ) );
		ticket_metadata_defer( 7, [ 'custom_fields' => [ 'vip' => true ] ] );
		AtShutdown::run();
		self::assertSame( [], $server->batches() );
		self::assertSame( [ 'redis_unavailable' ], $this->errorCodes() );
	}

	public function testABridgesMistakeLosesNothingAndEndsNoPage(): void {
		$this->desk->beforeReading = static function (): void {
			throw new \Error( 'of the bridge' );
		};
		do_action( 'desk_changed', 7 );
		$id = self::newId();
		ticket_metadata_defer( $id, [ 'customer_id' => 1 ] );
		AtShutdown::run();
		self::assertSame( [ 'client_error' ], $this->errorCodes() );
		self::assertSame( 7, ( new Outbox() )->rows( 1 )[0]->ticketId );
		self::assertIsArray( $this->atService( $id ), 'the others arrive' );
	}

	public function testAnotherPluginThatEndsPhpInItsShutdownLosesNothing(): void {
		$script = tempnam( sys_get_temp_dir(), 'exit' );
		file_put_contents(
			$script,
			'<?php require ' . var_export( __DIR__ . '/wordpress.php', true ) . ';
			ticket_metadata_defer( 7, [ "status" => "open" ] );
			TicketMetadata\Plugin::marks()->mark( "desk", 8 );
			add_action( "shutdown", static function () { exit; } );'
		);
		shell_exec( escapeshellarg( PHP_BINARY ) . ' ' . escapeshellarg( $script ) );
		unlink( $script );
		$rows = ( new Outbox() )->rows( 10 );
		self::assertSame( [ [ 'desk', 8, 'not_sent' ], [ '', 7, 'not_sent' ] ], array_map( static fn( $row ): array => [ $row->source, $row->ticketId, $row->errorCode ], $rows ) );
	}

	public function testAFullOutboxIsSaid(): void {
		$this->use( getenv( 'NOBODY_URL' ), [ 'outbox_max' => 1 ] );
		do_action( 'desk_changed', 7 );
		do_action( 'desk_changed', 8 );
		AtShutdown::run();
		self::assertStringContainsString( 'backfill', $this->errors[1]->get_error_message() );
		self::assertSame( 1, ( new Outbox() )->dropped() );
		ticket_metadata_defer( 9, [ 'status' => 'open' ] );
		AtShutdown::run();
		self::assertStringContainsString( 'Call ticket_metadata_defer() again', $this->errors[2]->get_error_message(), 'which backfill could not bring' );
	}

	public function testADatabaseThatFailsEndsNoPage(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		do_action( 'desk_changed', 7 );
		$this->whileQueries( self::failingOfOutbox(), static fn() => AtShutdown::run() );
		self::assertStringContainsString( 'nowhere', $this->errors[0]->get_error_message() );
	}

	public function testAListenersMistakeLosesNothingAndEndsNoPage(): void {
		$log = tempnam( sys_get_temp_dir(), 'log' );
		$old = ini_set( 'error_log', $log );
		$this->hook(
			'ticket_metadata_error',
			static function (): void {
				throw new \DomainException( 'of a listener' );
			}
		);
		$this->use( getenv( 'NOBODY_URL' ) );
		do_action( 'desk_changed', 7 );
		do_action( 'desk_changed', 8 );
		AtShutdown::run();
		ini_set( 'error_log', $old );
		self::assertSame( 2, ( new Outbox() )->depth() );
		self::assertSame( 2, substr_count( file_get_contents( $log ), 'of a listener' ) );
		unlink( $log );
	}

	public function testWhatIsMarkedWhileItIsSentIsSentToo(): void {
		[ $first, $second ]        = [ self::newId(), self::newId() ];
		$this->desk->beforeReading = static function ( array $ids ) use ( $first, $second ): void {
			if ( in_array( $first, $ids, true ) ) {
				do_action( 'desk_changed', $second );
			}
		};
		$this->desk->put( $first );
		$this->desk->put( $second );
		do_action( 'desk_changed', $first );
		AtShutdown::run();
		self::assertIsArray( $this->atService( $second ) );
	}

	public function testWhoMarksForEverEndsAllTheSame(): void {
		$this->desk->beforeReading = static function (): void {
			do_action( 'desk_changed', 7 );
		};
		do_action( 'desk_changed', 7 );
		AtShutdown::run();
		self::assertTrue( Plugin::marks()->isEmpty() );
		self::assertSame( [ 7, 'not_sent' ], [ ( new Outbox() )->rows( 1 )[0]->ticketId, ( new Outbox() )->rows( 1 )[0]->errorCode ] );
	}

	public function testAListenerWhoEndsPhpEndsNothingBeforeAllIsKept(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		do_action( 'desk_changed', 7 );
		do_action( 'desk_changed', 8 );
		ticket_metadata_defer( 9, [ 'status' => 'open' ] );
		$kept = [];
		$this->hook(
			'ticket_metadata_error',
			static function () use ( &$kept ): void {
				$kept[] = ( new Outbox() )->depth();
			}
		);
		AtShutdown::run();
		self::assertSame( [ 3, 3, 3 ], $kept );
	}

	public function testDeferredFieldsGoOutWhereTheOutboxCannotBeRead(): void {
		$id    = self::newId();
		ticket_metadata_defer( $id, [ 'customer_id' => 1 ] );
		$this->whileQueries( self::failingOfOutbox(), static fn() => AtShutdown::run() );
		self::assertSame( [ 'outbox_failed' ], $this->errorCodes() );
		self::assertIsArray( $this->atService( $id ) );
	}

	public function testADatabaseThatIsGoneIsTriedOnce(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$tries = 0;
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 10 ) );
		// WordPress answers an empty query as it answers when the connection is lost: false, and no error.
		$this->whileQueries( self::countingInserts( '', $tries ), static fn() => AtShutdown::run() );
		self::assertSame( [ 1, 10 ], [ $tries, count( $this->errors ) ] );
	}

	private static function isInsertIntoOutbox( string $query ): bool {
		return strpos( $query, 'INSERT INTO ' . OutboxTable::name() ) === 0;
	}

	/** Counts the statements that insert into the outbox, and replaces them if there is a replacement. */
	private static function countingInserts( ?string $instead, int &$statements ): callable {
		return static function ( string $query ) use ( $instead, &$statements ): string {
			if ( ! self::isInsertIntoOutbox( $query ) ) {
				return $query;
			}
			++$statements;
			return $instead ?? $query;
		};
	}

	public function testVeryManyTicketsAreLeftToTheReplay(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		$statements = 0;
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 1001 ) );
		$this->whileQueries( self::countingInserts( null, $statements ), static fn() => AtShutdown::run() );
		self::assertSame( [ [], 1001, 3 ], [ $server->seen(), ( new Outbox() )->depth(), $statements ] );
		self::assertSame( [], $this->errorCodes(), 'it is no failure' );
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 1000 ) );
		AtShutdown::run();
		self::assertSame( [ 500, 500 ], array_map( 'count', $server->batches() ), 'a page still sends this number itself' );
	}

	public function testOfVeryManyWhatFindsNoRoomIsSentAtOnce(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ), [ 'outbox_max' => 999 ] );
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 1001 ) );
		AtShutdown::run();
		self::assertSame( [ 999, 0, [ [ 1000, 1001 ] ] ], [ ( new Outbox() )->depth(), ( new Outbox() )->dropped(), $server->batches() ] );
		$this->use( getenv( 'NOBODY_URL' ), [ 'outbox_max' => 999 ] );
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 2001, 3001 ) );
		AtShutdown::run();
		self::assertSame( [ 999, 1001 ], [ ( new Outbox() )->depth(), ( new Outbox() )->dropped() ] );
		self::assertStringContainsString( 'backfill', $this->errors[1000]->get_error_message() );
	}

	public function testVeryManyAreSentWhereTheOutboxCannotBeRead(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'batch' ) );
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 1001 ) );
		$this->whileQueries( self::failingOfOutbox(), static fn() => AtShutdown::run() );
		self::assertSame( [ 500, 500, 1 ], array_map( 'count', $server->batches() ) );
	}

	public function testATableThatTakesNothingIsNotAskedForEach(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$tries = 0;
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), range( 1, 100 ) );
		$this->whileQueries( self::countingInserts( 'SELECT nothing FROM nowhere', $tries ), static fn() => AtShutdown::run() );
		self::assertSame( [ 21, 100 ], [ $tries, count( $this->errors ) ] );
	}

	public function testARowThatCannotBeKeptTakesNoOtherWithIt(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$break = static fn( string $query ): string => self::isInsertIntoOutbox( $query ) && strpos( $query, "'desk', 7" ) !== false ? 'SELECT nothing FROM nowhere' : $query;
		array_map( static fn( int $id ) => do_action( 'desk_changed', $id ), [ 7, 8 ] );
		$this->whileQueries( $break, static fn() => AtShutdown::run() );
		self::assertSame( [ 8 ], array_map( static fn( $row ): int => $row->ticketId, ( new Outbox() )->rows( 10 ) ) );
	}

	public function testWhatAListenerDefersIsKept(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$this->hook( 'ticket_metadata_error', static fn() => ticket_metadata_defer( 9, [ 'status' => 'open' ] ) );
		do_action( 'desk_changed', 7 );
		AtShutdown::run();
		self::assertSame( [ 7, 9 ], array_map( static fn( $row ): int => $row->ticketId, ( new Outbox() )->rows( 10 ) ) );
	}

	public function testABridgeThatFailsSilencesNoOther(): void {
		$failing = new class( 'failing' ) extends Desk {
			public function isActive(): bool {
				throw new \TypeError( 'of a bridge' );
			}
		};
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $failing, $this->desk ] );
		remove_all_actions( 'desk_changed' );
		Plugin::listenToHelpDesks();
		do_action( 'desk_changed', 7 );
		self::assertTrue( Plugin::hasMarks() );
		self::assertSame( [ 'bridge_error' ], $this->errorCodes() );
		Plugin::marks()->takeTickets( get_current_blog_id() );
	}

	public function testABridgeThatFailsAtTheBeginningEndsNoPage(): void {
		$this->hook(
			'ticket_metadata_bridges',
			static function (): array {
				throw new \TypeError( 'of a bridge' );
			}
		);
		Plugin::listenToHelpDesks();
		self::assertSame( [ 'bridge_error' ], $this->errorCodes() );
	}

	public function testASwitchedOffPluginMarksNothing(): void {
		remove_all_actions( 'desk_changed' );
		$this->use( getenv( 'SERVICE_URL' ), [ 'disabled' => true ] );
		Plugin::listenToHelpDesks();
		do_action( 'desk_changed', 7 );
		self::assertFalse( ticket_metadata_defer( 7, [ 'status' => 'open' ] ) );
		self::assertSame( [ 'disabled' ], $this->errorCodes() );
		self::assertTrue( Plugin::marks()->isEmpty() );
	}

	public function testBadFieldsAreSaidWhereTheMistakeIs(): void {
		self::assertFalse( ticket_metadata_defer( 7, [ 'subject' => "\xff" ] ) );
		self::assertFalse( ticket_metadata_defer( 0, [ 'status' => 'open' ] ) );
		self::assertFalse( ticket_metadata_defer( 7, [ 'statsu' => 'open' ] ) );
		self::assertFalse( ticket_metadata_defer( 7, [] ) );
		self::assertSame( array_fill( 0, 4, 'invalid_argument' ), $this->errorCodes() );
		self::assertStringContainsString( '"statsu"', $this->errors[2]->get_error_message() );
		self::assertTrue( Plugin::marks()->isEmpty() );
	}

	public function testWhoWaitsAndTheCommandLineTryEvenWhileTheCircuitIsOpen(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			Plugin::client()->get( 7 );
		}
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertSame( 'circuit_open', Plugin::client()->get( 7 )->code );
		$id = self::newId();
		$this->desk->put( $id );
		do_action( 'desk_changed', $id );
		AtShutdown::run();
		self::assertIsArray( $this->atService( $id ) );
	}
}
