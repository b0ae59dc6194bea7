<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Client\HttpApiLimits;
use TicketMetadata\Client\Request;
use TicketMetadata\Client\WordPressTransport;
use TicketMetadata\Config;

/** The way by WordPress's own HTTP API. */
final class WordPressTransportTest extends TestCase {

	private FaultyServer $server;

	protected function setUp(): void {
		$this->server = new FaultyServer();
	}

	protected function tearDown(): void {
		delete_option( Config::OPTION );
		\Requests::$transport = [];
	}

	/** Has WordPress send in one of its two ways. It takes cURL where there is one. */
	private static function sendBy( string $way ): void {
		\Requests::$transport = array_fill_keys( [ serialize( [ 'ssl' => false ] ), serialize( [ 'ssl' => true ] ) ], "Requests_Transport_$way" );
	}

	private function send( string $url, Request $request, int $timeoutMs = 20000 ): Answer {
		update_option( Config::OPTION, [ 'url' => $url ] );
		return ( new WordPressTransport( new Config() ) )->send( $request, $timeoutMs );
	}

	public function testTheServiceIsReached(): void {
		$id      = random_int( 1, 2 ** 52 );
		$request = Request::withBody( 'POST', "/tickets/$id", [ 'customer_id' => 1 ], 'once-' . $id );
		$created = $this->send( getenv( 'SERVICE_URL' ), $request );
		self::assertSame( [ 201, true ], [ $created->status, $created->isStored() ], $created->detail() );
		self::assertSame( '"' . $created->body['version'] . '"', $created->headers['etag'] );
		$again = $this->send( getenv( 'SERVICE_URL' ), $request );
		self::assertSame( 'true', $again->headers['idempotency-replayed'] );
		self::assertSame( 1, $this->send( getenv( 'SERVICE_URL' ), new Request( 'GET', "/tickets/$id" ) )->body['customer_id'] );
		$changed = $this->send( getenv( 'SERVICE_URL' ), Request::withBody( 'PATCH', "/tickets/$id", [ 'status' => 'open' ] ) );
		self::assertSame( 200, $changed->status );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'a reset'                   => [ 'network_error', 'reset' ],
			'half an answer'            => [ 'network_error', 'half' ],
			'a page instead of JSON'    => [ 'bad_answer', 'not-json' ],
			'a redirect'                => [ 'bad_answer', 'redirect' ],
			'503 of a proxy'            => [ 'bad_answer', 'bare-503' ],
			'an answer without end'     => [ 'bad_answer', 'huge' ],
			'an answer that stops'      => [ 'timeout', 'dripping' ],
			'no answer'                 => [ 'timeout', 'silent' ],
		];
	}

	/** @dataProvider failures */
	public function testAFailureIsAnAnswerWithACode( string $code, string $behaviour ): void {
		$answer = $this->send( $this->server->url( $behaviour ), new Request( 'GET', '/tickets/7' ), $code === 'timeout' ? 1000 : 20000 );
		self::assertSame( [ $code, 0 ], [ $answer->code, $answer->status ], $answer->detail() );
		self::assertCount( 1, $this->server->seen(), 'a redirect is not followed' );
	}

	public function testAHugeAnswerIsToldAsSuch(): void {
		$answer = $this->send( $this->server->url( 'huge' ), new Request( 'GET', '/tickets/7' ) );
		self::assertStringContainsString( '1 MiB', $answer->detail() );
	}

	/** @return iterable<string, array{string, string, string}> the way, the code, the behaviour */
	public function costly(): iterable {
		$codes = [
			'arrays-in-ticket' => 'bad_answer', 'deep' => 'bad_answer', 'many-headers' => 'bad_answer', 'endless-chunks' => 'bad_answer', 'gzip-bomb' => 'bad_answer',
			'huge' => 'bad_answer', 'private-redirect' => 'bad_answer', 'dripping-without-end' => 'timeout', 'http-1.0' => '', 'without-length' => '',
		];
		foreach ( [ 'cURL', 'fsockopen' ] as $way ) {
			foreach ( $codes as $behaviour => $code ) {
				yield "$behaviour by $way" => [ $way, $code, $behaviour ];
			}
		}
	}

	/**
	 * In a PHP of its own: a peak is that of all tests before.
	 *
	 * @dataProvider costly
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testOfACostlyAnswerLittleIsTaken( string $way, string $code, string $behaviour ): void {
		self::sendBy( $way );
		$before = memory_get_peak_usage();
		$answer = $this->send( $this->server->url( $behaviour ), new Request( 'GET', '/tickets/7' ), $code === 'timeout' ? 1000 : 20000 );
		self::assertSame( $code, $answer->code, $answer->detail() );
		self::assertLessThan( 24 << 20, memory_get_peak_usage() - $before );
		self::assertCount( 1, $this->server->seen() );
	}

	/** @return array<string, array{string}> */
	public function ways(): array {
		return [ 'cURL' => [ 'cURL' ], 'sockets' => [ 'fsockopen' ] ];
	}

	/** @dataProvider ways */
	public function testTheConnectionGoesToTheAddressThatWasChecked( string $way ): void {
		self::sendBy( $way );
		$url     = str_replace( '127.0.0.1', 'rebinding.allowed.test', $this->server->url( 'good' ) );
		$request = static fn() => wp_remote_request( "$url/tickets/7" );
		self::assertWPError( $request(), 'nobody resolves the name' );
		$limits = new HttpApiLimits( Deadline::in( 20000 ), 1000, '127.0.0.1' );
		self::assertSame( 200, wp_remote_retrieve_response_code( $limits->keep( $request ) ) );
		self::assertWPError( $request(), 'other requests of the page are as they were' );
		self::assertCount( 1, $this->server->seen() );
	}

	private static function assertWPError( $result, string $why ): void {
		self::assertInstanceOf( \WP_Error::class, $result, $why );
	}

	public function testNoCompressedAnswerIsAskedFor(): void {
		$this->send( $this->server->url( 'good' ), new Request( 'GET', '/tickets/7' ) );
		self::assertSame( 'identity', $this->server->seen()[0]['headers']['accept-encoding'] );
	}

	public function testATimeoutIsASecondAndNotWordPressesFive(): void {
		$startedAt = hrtime( true );
		$this->send( $this->server->url( 'silent' ), new Request( 'GET', '/tickets/7' ), 200 );
		self::assertLessThan( 4.0, ( hrtime( true ) - $startedAt ) / 1e9 );
	}

	public function testNobodyListens(): void {
		self::assertSame( 'network_error', $this->send( getenv( 'NOBODY_URL' ), new Request( 'GET', '/tickets/7' ) )->code );
	}

	public function testABlockedHostIsToldAsSuch(): void {
		$answer = $this->send( 'http://tickets.other.test', new Request( 'GET', '/tickets/7' ) );
		self::assertSame( 'blocked', $answer->code );
		self::assertStringContainsString( 'tickets.other.test', $answer->detail() );
	}
}
