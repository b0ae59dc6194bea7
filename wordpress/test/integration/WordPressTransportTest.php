<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\Answer;
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
