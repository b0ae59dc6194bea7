<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\DatabaseLock;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\OutboxCircuit;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** Without a persistent object cache, pages know from the rows of the outbox that the service is unavailable. */
final class OutboxCircuitTest extends SiteTestCase {

	private FaultyServer $server;

	protected function setUp(): void {
		parent::setUp();
		$this->server = new FaultyServer();
		$this->use( $this->server->url( 'bare-503' ) );
	}

	/** A page that sends a ticket, as AtShutdown does, in a web server's PHP. */
	private function page( int $ticket ): Answer {
		wp_cache_flush();
		$circuit = OutboxCircuit::begin( Client::state() );
		$circuit->look( 'desk', [ $ticket ] );
		$client  = Client::fromConfig( new Config() )->under( $circuit );
		$answer  = $client->paused() ?? $client->batch( [ [ 'op' => 'update', 'ticket_id' => $ticket ] ] );
		if ( $answer->code !== '' ) {
			( new Outbox() )->addTicket( 'desk', $ticket, Outcome::ofAnswer( $answer ) );
			self::assertSame( [ $ticket => true ], ( new Outbox() )->waiting( 'desk', [ $ticket ] ) );
		}
		$circuit->end();
		self::assertSame( $this->errorCodes(), [] );
		return $answer;
	}

	private function open(): void {
		for ( $page = 1; $page <= CircuitBreaker::FAILURES_MAX; $page++ ) {
			self::assertSame( 'bad_answer', $this->page( 7 )->code );
		}
		self::assertSame( 'circuit_open', $this->page( 7 )->code );
		self::assertCount( CircuitBreaker::FAILURES_MAX, $this->server->seen() );
	}

	private static function letTimePass(): void {
		$GLOBALS['wpdb']->query( 'UPDATE ' . OutboxTable::name() . ' SET retry_at = retry_at - 11000 WHERE retry_at > 0' );
	}

	/** @return string[] */
	private static function storedStates(): array {
		global $wpdb;
		return $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'ticket_metadata_state_circuit%' OR option_name LIKE 'ticket_metadata_state_trial%'" );
	}

	public function testEnoughInARowOpenItForAllPages(): void {
		$this->open();
		self::assertSame( 'circuit_open', $this->page( 8 )->code );
		self::assertSame( [], self::storedStates() );
	}

	public function testFailuresOfSeveralTicketsCountTogether(): void {
		for ( $page = 1; $page <= CircuitBreaker::FAILURES_MAX; $page++ ) {
			$this->page( $page );
		}
		self::assertSame( 'circuit_open', $this->page( 9 )->code );
	}

	public function testAPageWithManyTicketsFailsOnce(): void {
		wp_cache_flush();
		foreach ( range( 1, 20 ) as $id ) {
			$this->desk->put( $id );
			Plugin::marks()->mark( 'desk', $id );
		}
		AtShutdown::run();
		self::assertSame( [ '20', '1' ], $GLOBALS['wpdb']->get_row( 'SELECT COUNT(*), SUM(failures) FROM ' . OutboxTable::name(), ARRAY_N ) );
	}

	public function testDeferredFieldsBearTheFailureToo(): void {
		foreach ( [ 'open', 'closed' ] as $status ) {
			ticket_metadata_defer( 7, [ 'status' => $status ] );
			AtShutdown::run();
		}
		self::assertSame( '2', $GLOBALS['wpdb']->get_var( 'SELECT SUM(failures) FROM ' . OutboxTable::name() ) );
		self::assertSame( [], self::storedStates() );
	}

	public function testAfterTheTimeOnePageTries(): void {
		$this->open();
		self::letTimePass();
		// Another page, on its own connection, is trying.
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		$lock  = DatabaseLock::nameOf( 'trial' );
		self::assertSame( '1', $other->get_var( "SELECT GET_LOCK('$lock', 0)" ) );
		self::assertSame( 'circuit_open', $this->page( 8 )->code );
		self::assertCount( CircuitBreaker::FAILURES_MAX, $this->server->seen() );
		// Its PHP dies.
		$other->close();
		$deadline = microtime( true ) + 20;
		do {
			$isFree = $GLOBALS['wpdb']->get_var( "SELECT IS_FREE_LOCK('$lock')" ) === '1';
		} while ( ! $isFree && microtime( true ) < $deadline );
		self::assertSame( 'bad_answer', $this->page( 8 )->code );
		self::assertCount( CircuitBreaker::FAILURES_MAX + 1, $this->server->seen() );
		self::assertSame( 'circuit_open', $this->page( 8 )->code, 'its failure opens it again' );
		self::assertSame( [], self::storedStates() );
	}

	public function testASuccessBreaksTheRow(): void {
		$this->open();
		self::letTimePass();
		$this->use( $this->server->url( 'batch' ) );
		self::assertSame( '', $this->page( 9 )->code );
		self::assertSame( '0', $GLOBALS['wpdb']->get_var( 'SELECT SUM(failures) FROM ' . OutboxTable::name() ) );
		$this->use( $this->server->url( 'bare-503' ) );
		self::assertSame( [ 'bad_answer', 'bad_answer' ], [ $this->page( 9 )->code, $this->page( 9 )->code ] );
	}

	public function testFailuresThatAreLongPastDoNotCount(): void {
		$this->open();
		$GLOBALS['wpdb']->query( 'UPDATE ' . OutboxTable::name() . ' SET retry_at = retry_at - 3700000 WHERE retry_at > 0' );
		self::assertSame( [ 'bad_answer', 'bad_answer' ], [ $this->page( 9 )->code, $this->page( 9 )->code ] );
	}

	public function testAFailureThatNoRowCanBearIsNotForgotten(): void {
		$this->use( $this->server->url( 'bare-503' ), [ 'outbox_max' => 1 ] );
		( new Outbox() )->addTicket( 'desk', 1, Outcome::undelivered( 'timeout', '' ) );
		for ( $page = 1; $page <= CircuitBreaker::FAILURES_MAX; $page++ ) {
			wp_cache_flush();
			$this->desk->put( 50 + $page );
			Plugin::marks()->mark( 'desk', 50 + $page );
			AtShutdown::run();
		}
		wp_cache_flush();
		self::assertSame( CircuitBreaker::FAILURES_MAX, Client::state()->loaded( 'circuit' )['failures'] );
	}

	public function testWhatFunctionsHaveFoundOutHoldsForPages(): void {
		Client::state()->set( 'circuit', [ 'failures' => CircuitBreaker::FAILURES_MAX, 'retry_at' => microtime( true ) + 10 ], 3600 );
		self::assertSame( 'circuit_open', $this->page( 7 )->code );
		Client::state()->set( 'circuit', [ 'failures' => CircuitBreaker::FAILURES_MAX, 'retry_at' => microtime( true ) - 1 ], 3600 );
		self::assertSame( 'bad_answer', $this->page( 7 )->code, 'it is time to try' );
		self::assertCount( 1, $this->server->seen() );
	}

	public function testAReplayThatDeliversForgetsFailuresOfRowsThatStay(): void {
		$this->open();
		$outbox = new Outbox();
		$outbox->addTicket( 'gone', 8, Outcome::undelivered( 'timeout', '' ) );
		$GLOBALS['wpdb']->query( 'UPDATE ' . OutboxTable::name() . " SET failures = 5, retry_at = 4000000000000 WHERE source = 'gone'" );
		$this->desk->put( 7 );
		$this->use( $this->server->url( 'batch' ) );
		$result = Replay::run( 10 );
		self::assertSame( [ 1, 1 ], [ $result->delivered, $result->left ] );
		self::assertSame( '0', $GLOBALS['wpdb']->get_var( 'SELECT SUM(failures) FROM ' . OutboxTable::name() ) );
	}

	public function testATableOfAnOlderVersionGetsTheColumns(): void {
		global $wpdb;
		$table = OutboxTable::name();
		( new Outbox() )->addTicket( 'desk', 7, Outcome::undelivered( 'timeout', '' ) );
		$wpdb->query( "ALTER TABLE $table DROP COLUMN failures, DROP COLUMN retry_at" );
		update_option( 'ticket_metadata_outbox_version', 1 );
		$this->page( 7 );
		self::assertSame( [ '1', '1' ], $wpdb->get_row( "SELECT COUNT(*), SUM(failures) FROM $table", ARRAY_N ) );
		self::assertSame( 'circuit', $wpdb->get_row( "SHOW INDEX FROM $table WHERE Column_name = 'retry_at'" )->Key_name );
	}
}
