<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Cli\Commands;
use TicketMetadata\Plugin;

/** `wp ticket-metadata`: how WP-CLI gets to know it, status and replay. */
final class CommandsTest extends CommandTestCase {

	public function testWpCliKnowsTheCommands(): void {
		\WP_CLI::$commands = [];
		Commands::listen();
		self::assertSame( [ 'ticket-metadata' => Commands::class ], \WP_CLI::$commands );
		foreach ( [ 'status', 'replay', 'backfill', 'verify', 'find', 'counts' ] as $name ) {
			$method = new \ReflectionMethod( Commands::class, $name );
			self::assertTrue( $method->isPublic() && ! $method->isStatic(), 'WP-CLI takes such methods' );
			foreach ( [ '## OPTIONS', '## EXAMPLES' ] as $part ) {
				self::assertStringContainsString( $part, $method->getDocComment() );
			}
		}
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testTheyAreAddedUnderWpCliAlone(): void {
		\WP_CLI::$commands = [];
		Plugin::boot();
		self::assertSame( [], \WP_CLI::$commands );
		define( 'WP_CLI', true );
		Plugin::boot();
		self::assertSame( [ 'ticket-metadata' ], array_keys( \WP_CLI::$commands ) );
	}

	public function testStatusOfASiteWhereAllIsWell(): void {
		self::assertSame( 0, $this->command( 'status' ) );
		self::assertCount( 8, \WP_CLI::$said );
		self::assertSaid( 'reachable | good | The ticket-metadata service can be reached | Redis: up.' );
	}

	public function testStatusForPrograms(): void {
		( new Outbox() )->addTicket( 'desk', 7, Outcome::undelivered( 'timeout', 'Too late.' ) );
		self::assertSame( 0, $this->command( 'status', [ 'format' => 'json' ] ) );
		$status = self::json();
		self::assertSame( [ 1, 0, 0, null ], [ $status['waiting'], $status['refused'], $status['dropped'], $status['last_delivery_at'] ] );
		self::assertEqualsWithDelta( time(), $status['oldest_waiting_at'], 60 );
		self::assertSame( [ 'check', 'state', 'finding', 'detail' ], array_keys( $status['checks'][0] ) );
	}

	public function testStatusSaysWhatCombiningSaves(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'combine_writes' => true ] );
		$this->hook( 'ticket_metadata_bridges', static fn(): array => [ new CombinedDesk() ] );
		try {
			CombinedPage::storeItsSaving();
			$this->command( 'status' );
			self::assertSaid( 'combining | good | Writes of help desks are combined | ' . gmdate( 'Y-m-d' ) . ': 1 statements in the place of 3.' );
			$this->command( 'status', [ 'format' => 'json' ] );
		} finally {
			wp_using_ext_object_cache( false );
		}
		self::assertSame( [ gmdate( 'Y-m-d' ) => [ 'made' => 1, 'avoided' => 2 ] ], self::json()['combined_writes'] );
	}

	public function testStatusFailsWhereSomethingIsCritical(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'status', [ 'format' => 'json' ] ) );
		self::assertSame( 'critical', self::json()['checks'][0]['state'] );
	}

	/** @return int[] */
	private function addTicketsToOutbox( int $count ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id );
			( new Outbox() )->addTicket( 'desk', $id, Outcome::undelivered( 'timeout', 'Too late.' ) );
		}
		return $ids;
	}

	public function testReplayDeliversAll(): void {
		$ids = $this->addTicketsToOutbox( 3 );
		self::assertSame( 0, $this->command( 'replay' ) );
		self::assertSaid( 'Success: Delivered 3, refused 0, left 0.' );
		self::assertSame( [ 3, 3, true ], [ CommandEnded::$bars[0]->count, CommandEnded::$bars[0]->ticks, CommandEnded::$bars[0]->isFinished ] );
		self::assertIsArray( $this->atService( $ids[2] ) );
	}

	public function testReplayOfNothing(): void {
		self::assertSame( 0, $this->command( 'replay' ) );
	}

	public function testReplayOfSomeLeavesSome(): void {
		$this->addTicketsToOutbox( 3 );
		self::assertSame( 1, $this->command( 'replay', [ 'limit' => '2' ] ) );
		self::assertSaid( 'Error: Delivered 2, refused 0, left 1.' );
		self::assertSame( 2, CommandEnded::$bars[0]->count );
	}

	public function testReplaySaysWhyItStopped(): void {
		$this->addTicketsToOutbox( 2 );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'replay' ) );
		self::assertSaid( 'Stopped early: network_error. The service could not be reached' );
		self::assertSaid( 'left 2' );
		self::assertStringNotContainsString( 'was refused', implode( \WP_CLI::$said ) );
	}

	public function testReplaySaysWhatWasRefusedAndTriesItAgain(): void {
		[ $id ] = $this->addTicketsToOutbox( 1 );
		$this->desk->put( $id, [ 'assigned_to' => -1 ] );
		self::assertSame( 1, $this->command( 'replay' ) );
		self::assertSaid( "Warning: desk ticket $id was refused: validation_failed." );
		// By itself it would wait for its turn.
		$this->desk->put( $id, [ 'assigned_to' => 1 ] );
		self::assertSame( 0, $this->command( 'replay' ) );
	}

	public function testWhatIsRefusedForGoodCanBeDiscarded(): void {
		[ $bad, $good ] = $this->addTicketsToOutbox( 2 );
		$this->desk->put( $bad, [ 'assigned_to' => -1 ] );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'replay', [ 'discard-refused' => true ] ) );
		self::assertSame( 2, ( new Outbox() )->depth(), 'nobody has refused them' );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertSame( 0, $this->command( 'replay', [ 'discard-refused' => true ] ) );
		self::assertSaid( 'refused them: 1.' );
		self::assertSame( 0, ( new Outbox() )->depth() );
		self::assertIsArray( $this->atService( $good ) );
	}

	public function testReplayBesideAnotherOneSaysSo(): void {
		$this->addTicketsToOutbox( 1 );
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		global $wpdb;
		$other->set_prefix( $wpdb->prefix );
		[ $mine, $wpdb ] = [ $wpdb, $other ];
		$lock            = new \TicketMetadata\Changes\DatabaseLock( 'replay' );
		self::assertTrue( $lock->take() );
		$wpdb = $mine;
		self::assertSame( 1, $this->command( 'replay' ) );
		self::assertSaid( 'Another process' );
		$other->close();
		// The server lets go of it when it has noticed.
		self::assertSame( '1', $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 10)', \TicketMetadata\Changes\DatabaseLock::nameOf( 'replay' ) ) ) );
		$lock->release();
		self::assertSame( 0, $this->command( 'replay' ) );
	}

	public function testNumbersThatAreNoneAreRefused(): void {
		self::assertSame( 1, $this->command( 'replay', [ 'limit' => 'many' ] ) );
		self::assertSaid( '--limit must be a whole number' );
	}
}
