<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Client\KeptConnection;
use TicketMetadata\Client\Request;
use TicketMetadata\Client\StreamTransport;
use TicketMetadata\Client\Transport;
use TicketMetadata\Config;

/** What one page leaves, the next one finds: here both are of the tests' own PHP process. */
final class StreamTransportTest extends TransportTestCase {

	private const PATIENCE_MS = 20000;

	protected function transport( Config $config ): Transport {
		return new StreamTransport( $config );
	}

	/** A page that asks for a ticket, without the Delivery that repeats what has failed. */
	private function page( string $behaviour, int $id = 7 ): Answer {
		$config = $this->configure( [ 'url' => $this->server->url( $behaviour ), 'connect_timeout_ms' => self::PATIENCE_MS ] );
		return ( new StreamTransport( $config ) )->send( new Request( 'GET', "/tickets/$id" ), self::PATIENCE_MS );
	}

	private static function assertIsOf( int $id, Answer $answer ): void {
		self::assertSame( [ '', $id ], [ $answer->code, $answer->body['ticket_id'] ?? null ], $answer->detail() );
	}

	/** @return int[] of the tickets' requests */
	private function connections(): array {
		$reads = array_filter( $this->server->seen(), static fn( array $seen ): bool => $seen['method'] === 'GET' );
		return array_column( $reads, 'connection' );
	}

	public function testTheNextPageUsesTheConnection(): void {
		self::assertIsOf( 7, $this->page( 'named', 7 ) );
		self::assertIsOf( 8, $this->page( 'named', 8 ) );
		self::assertCount( 1, array_unique( $this->connections() ) );
	}

	public function testAClientOfAnHttpServiceKeepsItsConnection(): void {
		$config = $this->configure( [ 'url' => $this->server->url( 'good' ), 'timeout_ms' => self::PATIENCE_MS, 'connect_timeout_ms' => self::PATIENCE_MS ] );
		self::assertSame( 200, Client::fromConfig( $config )->get( 7 )->status );
		self::assertSame( 200, Client::fromConfig( $config )->get( 7 )->status );
		self::assertCount( 1, array_unique( $this->connections() ) );
	}

	public function testAnAnswerInChunksLeavesTheConnectionUsable(): void {
		self::assertIsOf( 7, $this->page( 'in-chunks', 7 ) );
		self::assertIsOf( 8, $this->page( 'in-chunks', 8 ) );
	}

	public function testTheAnswerToAPageThatWasEndedIsNotTheNextOnes(): void {
		$url        = parse_url( $this->server->url( 'named' ) );
		$connection = KeptConnection::open( "{$url['host']}:{$url['port']}", Deadline::in( self::PATIENCE_MS ), $reason );
		$connection->write( "GET {$url['path']}/tickets/8 HTTP/1.1\r\nHost: ended\r\n\r\n", Deadline::in( self::PATIENCE_MS ) );
		// PHP ended that page: nothing of it was called any more.
		unset( $connection );
		self::assertIsOf( 7, $this->page( 'named', 7 ) );
		self::assertIsOf( 6, $this->page( 'named', 6 ) );
	}

	public function testAConnectionThatWasClosedMeanwhileIsOpenedAgain(): void {
		self::assertIsOf( 7, $this->page( 'ends-idle', 7 ) );
		self::assertIsOf( 8, $this->page( 'ends-idle', 8 ) );
		self::assertCount( 2, array_unique( $this->connections() ) );
	}

	public function testAConnectionThatIsClosedWhenItIsUsedAgainIsOpenedAgain(): void {
		self::assertIsOf( 7, $this->page( 'ends-when-asked-again', 7 ) );
		self::assertIsOf( 8, $this->page( 'ends-when-asked-again', 8 ) );
		[ $first, $second, $third ] = $this->connections();
		self::assertSame( $first, $second );
		self::assertNotSame( $first, $third );
	}

	public function testANewConnectionThatIsClosedIsNotTriedAgain(): void {
		// Of the pages of other tests, none is left.
		$this->page( 'says-close' );
		self::assertFailed( 'network_error', $this->page( 'closed' ) );
		self::assertCount( 2, $this->connections() );
	}

	public function testWhatNobodyAskedForIsNoAnswer(): void {
		self::assertIsOf( 7, $this->page( 'speaks-unasked', 7 ) );
		file_get_contents( $this->server->url( 'speaks-unasked' ) . '/tickets/1', false, stream_context_create( [ 'http' => [ 'method' => 'POST' ] ] ) );
		self::assertIsOf( 8, $this->page( 'speaks-unasked', 8 ) );
	}

	public function testALongRequestThatNobodyTakesEndsInTime(): void {
		// The kernel connects, and nobody reads.
		$listener  = stream_socket_server( 'tcp://127.0.0.1:0' );
		$config    = $this->configure( [ 'url' => 'http://' . stream_socket_get_name( $listener, false ) ] );
		$request   = Request::withBody( 'POST', '/tickets/batch', [ 'operations' => [ str_repeat( 'x', 16 << 20 ) ] ] );
		$startedAt = hrtime( true );
		self::assertFailed( 'timeout', ( new StreamTransport( $config ) )->send( $request, 500 ) );
		self::assertLessThan( self::PATIENCE_MS, ( hrtime( true ) - $startedAt ) / 1e6 );
	}

	public function testOnlyHttpIsSpoken(): void {
		self::assertTrue( StreamTransport::isPossible( $this->configure( [ 'url' => 'HTTP://127.0.0.1:3000' ] ) ) );
		self::assertFalse( StreamTransport::isPossible( $this->configure( [ 'url' => 'https://127.0.0.1:3000' ] ) ) );
	}
}
