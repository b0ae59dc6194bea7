<?php
namespace TicketMetadata\Test;

/** The seed's functions, on the real service. */
final class FunctionsTest extends PluginTestCase {

	/** @var \WP_Error[] */
	private array $errors = [];

	private string $log;

	protected function setUp(): void {
		parent::setUp();
		$this->use( getenv( 'SERVICE_URL' ), getenv( 'SERVICE_KEY' ) );
		add_action(
			'ticket_metadata_error',
			function ( \WP_Error $error ): void {
				$this->errors[] = $error;
			}
		);
		$this->log = tempnam( sys_get_temp_dir(), 'log' );
		ini_set( 'error_log', $this->log );
	}

	protected function tearDown(): void {
		unlink( $this->log );
	}

	private function use( string $url, string $key = '' ): void {
		$this->configure( [ 'url' => $url, 'key' => $key, 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
	}

	/** @return array{string, int} code and status of the only error */
	private function error(): array {
		self::assertCount( 1, $this->errors );
		$error = array_pop( $this->errors );
		self::assertNotSame( '', $error->get_error_message() );
		return [ $error->get_error_code(), $error->get_error_data()['status'] ];
	}

	public function testTheSeedsExample(): void {
		$id = self::newId();
		self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => 123, 'subject' => 'Order Issue', 'status' => 'open' ] ) );
		self::assertTrue( ticket_metadata_update_field( $id, 'assigned_to', 42 ) );
		$ticket = ticket_metadata_get( $id );
		self::assertSame( [ $id, 123, 'Order Issue', 'open', 42 ], [ $ticket['ticket_id'], $ticket['customer_id'], $ticket['subject'], $ticket['status'], $ticket['assigned_to'] ] );
		self::assertIsInt( $ticket['created_at'] );
		self::assertNull( $ticket['synced_version'] );
		self::assertTrue( ticket_metadata_sync( $id ) );
		$synced = ticket_metadata_get( $id );
		self::assertSame( $synced['version'], $synced['synced_version'] );
		self::assertSame( [], $this->errors );
	}

	public function testATicketThatExistsIsChanged(): void {
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 1, 'subject' => 'First', 'category' => 'billing', 'created_at' => 1700000000 ] );
		self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => 2, 'category' => null, 'created_at' => 1700000001 ] ) );
		$ticket = ticket_metadata_get( $id );
		self::assertSame( [ 2, 'First', 1700000000 ], [ $ticket['customer_id'], $ticket['subject'], $ticket['created_at'] ] );
		self::assertArrayNotHasKey( 'category', $ticket );
		self::assertSame( [], $this->errors );
	}

	public function testATicketThatExistsIsChangedWithoutItsCustomer(): void {
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		self::assertTrue( ticket_metadata_write( $id, [ 'status' => 'pending', 'created_at' => 1700000001 ] ) );
		self::assertSame( 'pending', ticket_metadata_get( $id )['status'] );
	}

	public function testANewTicketWithoutACustomerIsRefusedByTheName(): void {
		self::assertFalse( ticket_metadata_write( self::newId(), [ 'status' => 'open' ] ) );
		self::assertStringContainsString( 'customer_id', $this->errors[0]->get_error_message() );
		self::assertSame( [ 'validation_failed', 400 ], $this->error() );
	}

	public function testNullInANewTicketIsNothing(): void {
		$id = self::newId();
		self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => 1, 'priority' => null ] ) );
		self::assertArrayNotHasKey( 'priority', ticket_metadata_get( $id ) );
	}

	public function testNumbersMayBeText(): void {
		$id = self::newId();
		self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => '123', 'created_at' => '1700000000', 'subject' => '7' ] ) );
		self::assertTrue( ticket_metadata_update_field( $id, 'assigned_to', '42' ) );
		$ticket = ticket_metadata_get( $id );
		self::assertSame( [ 123, 42, 1700000000, '7' ], [ $ticket['customer_id'], $ticket['assigned_to'], $ticket['created_at'], $ticket['subject'] ] );
		self::assertFalse( ticket_metadata_update_field( $id, 'assigned_to', '42nd' ) );
	}

	public function testNullRemovesAField(): void {
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 1, 'priority' => 'high' ] );
		self::assertTrue( ticket_metadata_update_field( $id, 'priority', null ) );
		self::assertArrayNotHasKey( 'priority', ticket_metadata_get( $id ) );
	}

	public function testAMissingTicketIsFalse(): void {
		$id = self::newId();
		self::assertFalse( ticket_metadata_get( $id ) );
		self::assertSame( [], $this->errors, 'to ask is no error' );
		self::assertFalse( ticket_metadata_update_field( $id, 'status', 'open' ) );
		self::assertSame( [ 'ticket_not_found', 404 ], $this->error() );
		self::assertFalse( ticket_metadata_sync( $id ) );
		self::assertSame( [ 'ticket_not_found', 200 ], $this->error() );
	}

	/** @return array<string, array{callable(): mixed, string}> */
	public function badArguments(): array {
		return [
			'an id of nothing'        => [ static function () { return ticket_metadata_get( 0 ); }, 'invalid_argument' ],
			'a negative id'           => [ static function () { return ticket_metadata_write( -5, [ 'customer_id' => 1 ] ); }, 'invalid_argument' ],
			'an id of nothing pushed' => [ static function () { return ticket_metadata_sync( 0 ); }, 'invalid_argument' ],
			'an unknown field'        => [ static function () { return ticket_metadata_update_field( 1, 'colour', 'red' ); }, 'validation_failed' ],
			'a field without a name'  => [ static function () { return ticket_metadata_update_field( 1, '', 'x' ); }, 'validation_failed' ],
			'no metadata'             => [ static function () { return ticket_metadata_write( 1, [] ); }, 'validation_failed' ],
			'a list'                  => [ static function () { return ticket_metadata_write( 1, [ 'open', 'high' ] ); }, 'validation_failed' ],
			'not a number'            => [ static function () { return ticket_metadata_update_field( 1, 'assigned_to', NAN ); }, 'invalid_argument' ],
			'invalid UTF-8'           => [ static function () { return ticket_metadata_write( 1, [ 'customer_id' => 1, 'subject' => "\xff" ] ); }, 'invalid_argument' ],
			'an invalid name'         => [ static function () { return ticket_metadata_update_field( 1, "\xff", 1 ); }, 'invalid_argument' ],
		];

	}

	/** @dataProvider badArguments */
	public function testBadArgumentsAreFalseWithAReason( callable $call, string $code ): void {
		self::assertFalse( $call() );
		self::assertSame( $code, $this->error()[0] );
	}

	public function testTheErrorSaysWhichTicketAndWhichRequest(): void {
		ticket_metadata_update_field( 4711, 'status', 'no such status' );
		$data = $this->errors[0]->get_error_data();
		self::assertSame( [ 400, 4711 ], [ $data['status'], $data['ticket_id'] ] );
		self::assertNotSame( '', $data['request_id'] );
	}

	public function testWithoutTheScopeASyncSaysSo(): void {
		$this->use( getenv( 'SERVICE_URL' ), getenv( 'SERVICE_READ_KEY' ) );
		self::assertFalse( ticket_metadata_sync( 1 ) );
		self::assertSame( [ 'forbidden', 403 ], $this->error() );
	}

	public function testAServiceThatIsAwayIsFalse(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertFalse( ticket_metadata_write( 1, [ 'customer_id' => 1 ] ) );
		self::assertSame( [ 'network_error', 0 ], $this->error() );
		self::assertFalse( ticket_metadata_get( 1 ) );
		self::assertSame( [ 'network_error', 0 ], $this->error() );
	}

	public function testAnAnswerOfOtherThingsIsNotSynced(): void {
		$this->use( $this->server->url( 'good' ) );
		self::assertFalse( ticket_metadata_sync( 1 ) );
		self::assertSame( 'bad_answer', $this->error()[0] );
	}

	public function testWithoutWpDebugLogNothingIsLogged(): void {
		ticket_metadata_update_field( 1, 'colour', 'red' );
		self::assertSame( '', file_get_contents( $this->log ) );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testTheLogHasOneLineWithoutTheKey(): void {
		define( 'WP_DEBUG_LOG', true );
		$this->use( $this->server->url( 'echo' ), 'tms_secret' );
		ticket_metadata_get( 7 );
		$log = file_get_contents( $this->log );
		self::assertStringContainsString( 'ticket-metadata: ticket 7: forbidden, status 403, request "req-2": You sent Bearer (the key).', $log );
		self::assertStringNotContainsString( 'tms_secret', $log );

		$this->use( getenv( 'SERVICE_URL' ), getenv( 'SERVICE_KEY' ) );
		file_put_contents( $this->log, '' );
		ticket_metadata_update_field( 7, "red\n[01-Jan-2026] PHP Fatal error: forged", 'x' );
		\TicketMetadata\Errors::report( 7, 'validation_failed', "quoted:\r\n[01-Jan-2026] PHP Fatal error: forged" . str_repeat( 'x', 100000 ) );
		self::assertSame( 2, substr_count( file_get_contents( $this->log ), "\n" ), 'what was sent cannot begin a line' );
		self::assertLessThan( 5000, filesize( $this->log ), 'nor fill the log' );

		file_put_contents( $this->log, '' );
		$this->configure( [ 'disabled' => true ] );
		ticket_metadata_get( 7 );
		self::assertSame( '', file_get_contents( $this->log ), 'who has switched it off knows' );
	}
}
