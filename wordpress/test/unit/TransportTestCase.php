<?php
namespace TicketMetadata\Test;

/** What becomes of each way in which a network, a proxy or a wrong address can fail, whichever transport is used. */
abstract class TransportTestCase extends PluginTestCase {

	/** Far above the timeout and far below what a page could not bear: only whether one is kept is asked here. */
	private const KEPT_MS = 5000;

	public function testAllCallsOfAPhpRequestShareAConnection(): void {
		$client = $this->clientOf( 'good' );
		$client->create( 7, [ 'customer_id' => 1 ] );
		$client->get( 7 );
		$client->batch( [ [ 'op' => 'update', 'ticket_id' => 7, 'status' => 'open' ] ] );
		$client->list( [ 7 ] );
		$client->health();
		$seen = $this->server->seen();
		self::assertCount( 5, $seen );
		self::assertCount( 1, array_unique( array_column( $seen, 'connection' ) ) );
	}

	public function testOptionsOfOneCallDoNotReachTheNext(): void {
		$client = $this->clientOf( 'good' );
		$client->update( 7, [ 'status' => 'open' ] );
		$client->get( 7 );
		[ $change, $read ] = $this->server->seen();
		self::assertSame( [ 'PATCH', '/tickets/7', [ 'status' => 'open' ] ], [ $change['method'], $change['path'], $change['body'] ] );
		self::assertMatchesRegularExpression( '/^"[0-9a-f]{32}"$/', $change['headers']['idempotency-key'] );
		self::assertSame( [ 'GET', '/tickets/7', null ], [ $read['method'], $read['path'], $read['body'] ] );
		self::assertArrayNotHasKey( 'idempotency-key', $read['headers'] );
		self::assertArrayNotHasKey( 'content-type', $read['headers'] );
	}

	public function testALongBodyIsSentWithoutAskingFirst(): void {
		$client = $this->clientOf( 'good' );
		$client->update( 7, [ 'subject' => str_repeat( 'x', 2000000 ) ] );
		self::assertArrayNotHasKey( 'expect', $this->server->seen()[0]['headers'] );
	}

	/** @return array<string, array{string, array}> */
	public function timeouts(): array {
		return [
			'nothing comes'                => [ 'silent', [ 'timeout_ms' => 500 ] ],
			'the answer stops on its way'  => [ 'dripping', [ 'timeout_ms' => 500 ] ],
		];
	}

	/** @dataProvider timeouts */
	public function testATimeoutIsKept( string $behaviour, array $option ): void {
		$client    = $this->clientOf( $behaviour, $option );
		$startedAt = hrtime( true );
		self::assertFailed( 'timeout', $client->update( 7, [ 'status' => 'open' ] ) );
		self::assertLessThan( self::KEPT_MS, ( hrtime( true ) - $startedAt ) / 1e6 );
		self::assertCount( 1, $this->server->seen(), 'what took all the time is not tried again' );
	}

	public function testATimeoutOfConnectingIsKept(): void {
		// A queue of one that is full: the kernel lets further connections wait.
		$listener = stream_socket_server( 'tcp://127.0.0.1:0', $code, $reason, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, stream_context_create( [ 'socket' => [ 'backlog' => 0 ] ] ) );
		$address  = stream_socket_get_name( $listener, false );
		$waiting  = [];
		for ( $i = 0; $i < 4; $i++ ) {
			$waiting[] = @stream_socket_client( "tcp://$address", $code, $reason, 0.2, STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT );
		}
		$client    = $this->clientBy( null, [ 'url' => "http://$address", 'connect_timeout_ms' => 100 ] );
		$startedAt = hrtime( true );
		self::assertFailed( 'timeout', $client->get( 7 ) );
		self::assertLessThan( self::KEPT_MS, ( hrtime( true ) - $startedAt ) / 1e6 );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'a reset'                           => [ 'network_error', 'reset' ],
			'an end without an answer'          => [ 'network_error', 'closed' ],
			'half an answer'                    => [ 'network_error', 'half' ],
			'not HTTP'                          => [ 'bad_answer', 'garbage' ],
			'a page instead of JSON'            => [ 'bad_answer', 'not-json' ],
			'JSON that is no object'            => [ 'bad_answer', 'list' ],
			'an empty list'                     => [ 'bad_answer', 'empty-list' ],
			'no body'                           => [ 'bad_answer', 'empty' ],
			'a redirect'                        => [ 'bad_answer', 'redirect' ],
			'a redirect to a file'              => [ 'bad_answer', 'file-redirect' ],
			'503 of a proxy'                    => [ 'bad_answer', 'bare-503' ],
			'503 of a proxy that speaks JSON'   => [ 'bad_answer', 'json-503' ],
			'404 of another server'             => [ 'bad_answer', 'bare-404' ],
			'an answer without end'             => [ 'bad_answer', 'huge' ],
		];
	}

	/** @dataProvider failures */
	public function testAFailureIsAnAnswerWithACode( string $code, string $behaviour ): void {
		self::assertFailed( $code, $this->clientOf( $behaviour )->update( 7, [ 'status' => 'open' ] ) );
	}

	public function testNobodyListens(): void {
		self::assertFailed( 'network_error', $this->clientBy( null, [ 'url' => getenv( 'NOBODY_URL' ) ] )->get( 7 ) );
	}

	public function testARedirectIsNotFollowed(): void {
		$this->clientOf( 'redirect' )->get( 7 );
		self::assertCount( 1, $this->server->seen() );
	}

	/**
	 * In a PHP of its own: a peak is that of all tests before.
	 *
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testOfAHugeAnswerLittleIsTaken(): void {
		$before = memory_get_peak_usage( true );
		$answer = $this->clientOf( 'huge' )->get( 7 );
		self::assertStringContainsString( '1 MiB', $answer->detail() );
		self::assertLessThan( 8 << 20, memory_get_peak_usage( true ) - $before );
	}

	public function testAnAnnouncementIsNotTheAnswer(): void {
		self::assertSame( 200, $this->clientOf( 'announced' )->get( 7 )->status );
	}

	public function testTheEnvironmentsProxyDoesNotGetTheKey(): void {
		putenv( 'http_proxy=' . getenv( 'NOBODY_URL' ) );
		try {
			self::assertSame( 200, $this->clientOf( 'good' )->get( 7 )->status );
		} finally {
			putenv( 'http_proxy' );
		}
	}
}
