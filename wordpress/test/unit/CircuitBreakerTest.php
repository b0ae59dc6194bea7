<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\CircuitBreaker;

/** Each breaker here is one PHP request's; the state is what they share. */
final class CircuitBreakerTest extends PluginTestCase {

	private function newRequest(): CircuitBreaker {
		return new CircuitBreaker( $this->state, $this->state->clock() );
	}

	private function answer( Answer $answer ): void {
		$breaker = $this->newRequest();
		self::assertTrue( $breaker->allows() );
		$breaker->record( $answer );
	}

	private static function unavailable(): Answer {
		return Answer::failure( 'network_error', 'refused' );
	}

	private function open(): void {
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( self::unavailable() );
		}
		self::assertFalse( $this->newRequest()->allows() );
	}

	/** @return array<string, array{Answer}> */
	public function signsOfAbsence(): array {
		return [
			'no connection'     => [ Answer::failure( 'network_error', 'refused' ) ],
			'no answer'         => [ Answer::failure( 'timeout', 'slow' ) ],
			'502 of a proxy'    => [ Answer::fromHttp( 502, [], '' ) ],
			'503 of a proxy'    => [ Answer::fromHttp( 503, [], '<h1>503</h1>' ) ],
			'504 of a proxy'    => [ Answer::fromHttp( 504, [], '{"message":"timeout"}' ) ],
		];
	}

	/** @dataProvider signsOfAbsence */
	public function testEnoughInARowOpenIt( Answer $answer ): void {
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( $answer );
		}
		self::assertFalse( $this->newRequest()->allows() );
	}

	/** @return array<string, array{Answer}> */
	public function signsOfLife(): array {
		return [
			'a ticket'          => [ Answer::fromHttp( 200, [], '{}' ) ],
			'the journal'       => [ Answer::fromHttp( 202, [], '{"journaled":true}' ) ],
			'a refusal'         => [ Answer::fromHttp( 400, [], '{"code":"validation_failed"}' ) ],
			'no store'          => [ Answer::fromHttp( 503, [], '{"code":"store_unavailable"}' ) ],
			'too much work'     => [ Answer::fromHttp( 503, [], '{"code":"overloaded"}' ) ],
			'its own failure'   => [ Answer::fromHttp( 500, [], '{"code":"internal_error"}' ) ],
		];
	}

	/** @dataProvider signsOfLife */
	public function testAnyAnswerOfTheServiceBreaksTheRow( Answer $answer ): void {
		for ( $i = 1; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( self::unavailable() );
		}
		$this->answer( $answer );
		$this->answer( self::unavailable() );
		self::assertTrue( $this->newRequest()->allows() );
	}

	/** @dataProvider signsOfLife */
	public function testItNeverOpensForAnAnswerOfTheService( Answer $answer ): void {
		for ( $i = 0; $i < 3 * CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( $answer );
		}
		self::assertTrue( $this->newRequest()->allows() );
		self::assertSame( 0, $this->state->writes, 'the usual case writes nothing' );
	}

	/** @return array<string, array{Answer}> */
	public function signsOfNeither(): array {
		return [
			'another server'    => [ Answer::fromHttp( 404, [], '<h1>404</h1>' ) ],
			'bad values'        => [ Answer::failure( 'invalid_argument', 'NAN' ) ],
			'not allowed'       => [ Answer::failure( 'blocked', 'no' ) ],
		];
	}

	/** @dataProvider signsOfNeither */
	public function testWhatSaysNothingChangesNothing( Answer $answer ): void {
		for ( $i = 1; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( self::unavailable() );
		}
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( $answer );
		}
		$this->answer( self::unavailable() );
		self::assertFalse( $this->newRequest()->allows() );
	}

	public function testAfterTheTimeOneTries(): void {
		$this->open();
		$this->state->now += CircuitBreaker::OPEN_SECONDS - 0.1;
		self::assertFalse( $this->newRequest()->allows() );
		$this->state->now += 0.2;
		$trial = $this->newRequest();
		self::assertTrue( $trial->allows() );
		self::assertFalse( $this->newRequest()->allows(), 'one, not all' );
		$trial->record( Answer::fromHttp( 200, [], '{}' ) );
		self::assertTrue( $this->newRequest()->allows() );
	}

	public function testATrialThatFailsOpensItAgainForTheWholeTime(): void {
		$this->open();
		$this->state->now += CircuitBreaker::OPEN_SECONDS + 1;
		$trial             = $this->newRequest();
		self::assertTrue( $trial->allows() );
		$this->state->now += 0.5;
		$trial->record( self::unavailable() );
		$this->state->now += CircuitBreaker::OPEN_SECONDS - 0.1;
		self::assertFalse( $this->newRequest()->allows() );
		$this->state->now += 0.2;
		self::assertTrue( $this->newRequest()->allows() );
	}

	public function testATrialWhosePhpDiedIsFollowedByAnother(): void {
		$this->open();
		$this->state->now += CircuitBreaker::OPEN_SECONDS + 1;
		self::assertTrue( $this->newRequest()->allows() );
		$this->state->now += CircuitBreaker::OPEN_SECONDS + 1;
		self::assertTrue( $this->newRequest()->allows() );
	}

	public function testAFailureOfAnotherRequestCounts(): void {
		$early = $this->newRequest();
		self::assertTrue( $early->allows() );
		for ( $i = 1; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$this->answer( self::unavailable() );
		}
		$early->record( self::unavailable() );
		self::assertFalse( $this->newRequest()->allows() );
	}

	public function testAStateThatIsDamagedIsNone(): void {
		$this->state->set( 'circuit', 'nonsense', 60 );
		self::assertTrue( $this->newRequest()->allows() );
	}

	public function testAClientDoesNotAskWhileItIsOpen(): void {
		$client = $this->clientOf( 'bare-503' );
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			self::assertFailed( 'bad_answer', $client->get( 7 ) );
		}
		self::assertFailed( 'circuit_open', $client->get( 7 ) );
		self::assertTrue( $client->get( 7 )->isRetriable() );
		self::assertCount( CircuitBreaker::FAILURES_MAX, $this->server->seen() );
	}

	public function testWhoAsksForTheHealthAsksAlways(): void {
		$this->open();
		self::assertSame( 'unavailable', $this->clientOf( 'not-ready' )->health()->code );
		self::assertTrue( $this->newRequest()->allows(), 'it answered' );
	}

	public function testWhoAsksBeforeNeedNotTry(): void {
		$client = $this->clientOf( 'bare-503' );
		self::assertNull( $client->paused() );
		for ( $i = 0; $i < CircuitBreaker::FAILURES_MAX; $i++ ) {
			$client->get( 7 );
		}
		self::assertSame( 'circuit_open', $client->paused()->code );
		self::assertNull( $client->trying()->paused(), 'who tries anyway is not paused' );
		self::assertCount( CircuitBreaker::FAILURES_MAX, $this->server->seen() );
		$this->state->now += CircuitBreaker::OPEN_SECONDS + 1;
		self::assertNull( $client->paused(), 'it is time for a trial, which this is not' );
		self::assertTrue( $this->newRequest()->allows() );
	}
}
