<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;

/** When a request is sent a second time, and when not. */
final class DeliveryTest extends PluginTestCase {

	/** @return array<string, array{string}> */
	public function repeated(): array {
		return [
			'half an answer'                    => [ 'half-once' ],
			'an unknown outcome'                => [ 'unknown-once' ],
			'a store that is back at once'      => [ 'unavailable-once' ],
		];
	}

	/** @dataProvider repeated */
	public function testASecondAttemptHasTheSameKey( string $behaviour ): void {
		$answer = $this->clientOf( $behaviour )->update( 7, [ 'status' => 'open' ] );
		self::assertSame( 200, $answer->status, $answer->detail() );
		$seen = $this->server->seen();
		self::assertCount( 2, $seen );
		self::assertSame( $seen[0]['body'], $seen[1]['body'] );
		self::assertSame( $seen[0]['headers']['idempotency-key'], $seen[1]['headers']['idempotency-key'] );
	}

	/** @return array<string, array{string}> */
	public function notRepeated(): array {
		return [
			'too much work'         => [ 'overloaded' ],
			'too many requests'     => [ 'rate-limited' ],
			'a refusal'             => [ 'echo' ],
			'503 of a proxy'        => [ 'bare-503' ],
			'another server'        => [ 'bare-404' ],
			'an answer without end' => [ 'huge' ],
		];
	}

	/** @dataProvider notRepeated */
	public function testNothingElseIsRepeated( string $behaviour ): void {
		$this->clientOf( $behaviour )->update( 7, [ 'status' => 'open' ] );
		self::assertCount( 1, $this->server->seen() );
	}

	public function testThereIsNoThirdAttempt(): void {
		$answer = $this->clientOf( 'unavailable' )->update( 7, [ 'status' => 'open' ] );
		self::assertSame( [ 503, 'store_unavailable', true ], [ $answer->status, $answer->code, $answer->isRetriable() ] );
		self::assertCount( 2, $this->server->seen() );
	}

	/** @return array<string, array{string, int, bool}> Retry-After, milliseconds of the call, whether it waits so long */
	public function laterTimes(): array {
		return [
			'as the service says where there is time' => [ '1', 2000, true ],
			'hardly at all where there is none'       => [ '1', 900, false ],
			'for no date'                             => [ 'Wed, 21 Oct 2015 07:28:00 GMT', 20000, false ],
		];
	}

	/** @dataProvider laterTimes */
	public function testItWaitsBeforeTheSecondAttempt( string $retryAfter, int $timeoutMs, bool $isWaiting ): void {
		$problem   = Answer::fromHttp( 503, [ 'retry-after' => $retryAfter ], '{"code":"store_unavailable"}' );
		$transport = new ScriptedTransport( $problem, Answer::fromHttp( 200, [], '{"ticket_id":7,"version":1}' ) );
		self::assertSame( 200, $this->clientBy( $transport, [ 'timeout_ms' => $timeoutMs ] )->update( 7, [ 'status' => 'open' ] )->status );
		// What is left of the time tells how long it was.
		self::assertSame( $isWaiting, $transport->sent[0][1] - $transport->sent[1][1] >= 1000 );
		self::assertSame( $transport->sent[0][0]->idempotencyKey, $transport->sent[1][0]->idempotencyKey );
	}

	public function testBothAttemptsShareTheTime(): void {
		$transport = new ScriptedTransport( Answer::failure( 'network_error', 'gone' ), Answer::fromHttp( 200, [], '{"ticket_id":7,"version":1}' ) );
		$this->clientBy( $transport, [ 'timeout_ms' => 500 ] )->get( 7 );
		self::assertSame( 500, $transport->sent[0][1] );
		self::assertLessThanOrEqual( 450, $transport->sent[1][1], 'what is left after the pause' );
		self::assertSame( $transport->sent[0][0], $transport->sent[1][0] );
	}

	public function testATransportThatCannotKeepTheRestDoesNotTry(): void {
		$transport                    = new ScriptedTransport( Answer::failure( 'network_error', 'gone' ) );
		$transport->shortestTimeoutMs = 1000;
		$this->clientBy( $transport, [ 'timeout_ms' => 500 ] )->get( 7 );
		self::assertCount( 1, $transport->sent );
	}

	public function testATimeoutIsNotRepeatedEvenWhereTimeIsLeft(): void {
		$transport = new ScriptedTransport( Answer::failure( 'timeout', 'slow' ) );
		$this->clientBy( $transport )->get( 7 );
		self::assertCount( 1, $transport->sent );
	}
}
