<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\ConnectionTest;
use TicketMetadata\Admin\PrivacyExporter;
use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Checks\Checks;
use TicketMetadata\Cli\Commands;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** Hundreds of answers that are not what was asked for, at every place that reads an answer: nothing throws or warns, and no mark is lost. */
final class MalformedAnswersTest extends CommandTestCase {

	private const ID = 7;

	/** What an exception or a type error that somebody caught would have left in a text for people. */
	private const TRACES = '/TypeError|must be of type|Argument #|Undefined |Array to string|Unsupported operand|A check of Ticket Metadata failed/';

	/** @var string[] */
	private array $warnings = [];

	protected function setUp(): void {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		parent::setUp();
		wp_set_current_user( 1 );
		// PHPUnit's own would throw, and the plugin would catch it.
		set_error_handler(
			function ( int $level, string $text, string $file, int $line ): bool {
				$this->warnings[] = "$text in $file:$line";
				return true;
			}
		);
		$this->desk->put( self::ID );
	}

	protected function tearDown(): void {
		restore_error_handler();
		wp_set_current_user( 0 );
		parent::tearDown();
	}

	private function answerAll( array $answer ): void {
		global $wpdb;
		$this->errors   = [];
		$this->warnings = [];
		// No circuit that an answer before opened.
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'ticket\\_metadata\\_state\\_%'" );
		$this->use( ( new FaultyServer() )->url( MalformedAnswers::behaviour( $answer ) ) );
	}

	/** @param string $text what people were shown */
	private function assertSane( string $what, string $text ): void {
		self::assertSame( [], $this->warnings, $what );
		self::assertSame( [], array_intersect( $this->errorCodes(), [ 'client_error', 'bridge_error', 'outbox_failed' ] ), $what );
		self::assertSame( $this->errorCodes(), array_values( preg_grep( '/^[a-z][a-z0-9_]{0,63}$/D', $this->errorCodes() ) ), $what );
		$told = $text . implode( ' ', array_map( static fn( \WP_Error $error ): string => $error->get_error_message(), $this->errors ) );
		self::assertSame( 0, preg_match( self::TRACES, $told, $found ), "$what: " . ( $found[0] ?? '' ) . " in $told" );
		self::assertSame( 0, preg_match( '/[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae/', $told ), "$what: $told" );
	}

	public function testFunctions(): void {
		foreach ( MalformedAnswers::some( self::ID ) as $what => $answer ) {
			$this->answerAll( $answer );
			$ticket = ticket_metadata_get( self::ID );
			if ( $ticket !== false ) {
				self::assertSame( [ self::ID, true ], [ $ticket['ticket_id'], is_int( $ticket['version'] ) ], $what );
				foreach ( array_diff_key( $ticket, [ 'custom_fields' => 1 ] ) as $field ) {
					self::assertTrue( $field === null || is_scalar( $field ), $what );
				}
			}
			$isDone = [ ticket_metadata_write( self::ID, [ 'customer_id' => 1 ] ), ticket_metadata_update_field( self::ID, 'status', 'open' ), ticket_metadata_sync( self::ID ) ];
			$isDone = array_filter( $isDone );
			$body   = json_decode( $answer['body'], true );
			self::assertTrue( $isDone === [] || ( $answer['status'] < 300 && ( $body['ticket_id'] ?? null ) === self::ID ) || $isDone === [ 2 => true ], $what );
			$this->assertSane( $what, '' );
		}
	}

	public function testPages(): void {
		foreach ( MalformedAnswers::some( self::ID ) as $what => $answer ) {
			$this->answerAll( $answer );
			$export = PrivacyExporter::export( 'ann@example.test', 1 );
			$text   = is_wp_error( $export ) ? $export->get_error_message() : implode( array_merge( ...array_map( static fn( array $item ): array => array_column( $item['data'], 'value' ), $export['data'] ) ) );
			$this->assertSane( "exporter: $what", is_wp_error( $export ) ? $text : '' );
			if ( ! is_wp_error( $export ) ) {
				self::assertStringNotContainsString( 'Array', $text, $what );
			}
			foreach ( Checks::patient()->all() as $finding ) {
				$this->assertSane( "check $finding->id: $what", "$finding->headline. $finding->detail" );
			}
		}
	}

	public function testTheButtonShowsNoMarkup(): void {
		foreach ( [ '<script>alert(1)</script>', "\u{1b}[31m<b>" ] as $text ) {
			foreach ( [ [ 'status' => 'degraded', 'redis' => [ 'state' => $text, 'reason' => $text ], 'mysql' => [ 'state' => $text ], 'journal' => $text ], [ 'code' => 'forbidden', 'detail' => $text ] ] as $body ) {
				$this->answerAll( [ 'status' => isset( $body['code'] ) ? 403 : 200, 'headers' => [], 'body' => json_encode( $body ) ] );
				$_POST    = [ 'ticket_metadata_test' => '1' ];
				$_REQUEST = $_POST + [ 'ticket_metadata_nonce' => wp_create_nonce( 'ticket_metadata_test' ) ];
				ConnectionTest::runIfAsked();
				ob_start();
				ConnectionTest::show();
				$page  = ob_get_clean();
				$_POST = [];
				ConnectionTest::runIfAsked();
				self::assertStringNotContainsString( '<script', $page );
				self::assertStringNotContainsString( "\x1b", $page );
				$export = PrivacyExporter::export( 'ann@example.test', 1 );
				self::assertStringNotContainsString( '<', $export->get_error_message(), "WordPress's script takes it for HTML" );
			}
		}
	}

	/** @return bool whether the answer is the service's that it has stored the one operation of a batch */
	private static function saysStored( array $answer ): bool {
		$body    = json_decode( $answer['body'], true );
		$results = $answer['status'] >= 200 && $answer['status'] < 300 && is_array( $body ) && is_array( $body['results'] ?? null ) ? array_values( $body['results'] ) : [];
		$result  = count( $results ) === 1 && is_array( $results[0] ) ? $results[0] : [];
		$status  = $result['status'] ?? null;
		return is_int( $status ) && $status >= 200 && $status < 300 && ( $result['ticket_id'] ?? self::ID ) === self::ID;
	}

	public function testMarks(): void {
		$outbox = new Outbox();
		$why    = Outcome::undelivered( 'timeout', 'Too late.' );
		foreach ( MalformedAnswers::some( self::ID ) as $what => $answer ) {
			$isStored = self::saysStored( $answer );
			$this->answerAll( $answer );
			$outbox->addTicket( 'desk', self::ID, $why );
			$outbox->hurry();
			$result = Replay::run( 10 );
			self::assertSame( 1, $result->delivered + $outbox->depth(), $what );
			self::assertTrue( $isStored || $result->delivered === 0, $what );
			$this->assertSane( "replay: $what", $result->stoppedDetail );
			$this->empty( $outbox );

			Plugin::marks()->mark( 'desk', self::ID );
			AtShutdown::run();
			self::assertTrue( $isStored || $outbox->depth() === 1, $what );
			$this->assertSane( "shutdown: $what", '' );
			$this->empty( $outbox );
		}
	}

	private function empty( Outbox $outbox ): void {
		foreach ( $outbox->rows( 10 ) as $row ) {
			$outbox->remove( $row );
		}
	}

	public function testCommands(): void {
		foreach ( MalformedAnswers::some( self::ID ) as $what => $answer ) {
			$this->answerAll( $answer );
			( new Outbox() )->addTicket( 'desk', self::ID, Outcome::undelivered( 'timeout', '' ) );
			foreach ( [ [ 'verify', [] ], [ 'status', [] ], [ 'replay', [] ], [ 'backfill', [] ] ] as [ $name, $options ] ) {
				$this->command( $name, $options );
				$this->assertSane( "$name: $what", implode( "\n", \WP_CLI::$said ) );
			}
		}
	}
}
