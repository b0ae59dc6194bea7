<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Batch;
use TicketMetadata\Changes\Change;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Client\Answer;

/** Many changes in as few requests as can be. */
final class BatchTest extends PluginTestCase {

	private ScriptedTransport $transport;

	/**
	 * @param Change[] $changes
	 * @return array<int, Outcome>
	 */
	private function send( array $changes, Answer ...$answers ): array {
		$this->transport = new ScriptedTransport( ...$answers );
		return ( new Batch( $this->clientBy( $this->transport ) ) )->send( $changes );
	}

	private static function results( array ...$results ): Answer {
		return Answer::fromHttp( 207, [], json_encode( [ 'results' => $results ] ) );
	}

	private static function problem( int $status, string $code ): Answer {
		return Answer::fromHttp( $status, [], json_encode( compact( 'code' ) + [ 'detail' => "The reason of $code." ] ) );
	}

	private static function error( int $status, string $code ): array {
		return [ 'status' => $status, 'error' => compact( 'code' ) + [ 'detail' => "The reason of $code." ] ];
	}

	/** @return array[] the operations of one request */
	private function sent( int $request ): array {
		return json_decode( $this->transport->sent[ $request ][0]->body, true )['operations'];
	}

	/** @return Change[] */
	private static function changes( int $count ): array {
		return array_map( static fn( int $id ): Change => new Change( $id, [ 'status' => 'open' ] ), range( 1, $count ) );
	}

	public function testWhatTheServiceKnowsIsChangedAfterAll(): void {
		$change   = new Change( 7, [ 'customer_id' => 1, 'category' => null, 'created_at' => 5, 'custom_fields' => [ 'deleted' => null ] ], true );
		$outcomes = $this->send( [ 3 => $change ], self::results( self::error( 409, 'ticket_exists' ) ), self::results( [ 'status' => 200 ] ) );
		self::assertTrue( $outcomes[3]->isStored() );
		self::assertSame( [ [ 'op' => 'create', 'ticket_id' => 7, 'customer_id' => 1, 'created_at' => 5, 'custom_fields' => [] ] ], $this->sent( 0 ) );
		self::assertSame( [ [ 'op' => 'update', 'ticket_id' => 7, 'customer_id' => 1, 'category' => null, 'custom_fields' => [ 'deleted' => null ] ] ], $this->sent( 1 ) );
	}

	public function testWhatItDoesNotKnowIsCreatedAndTheRestIsNotSentAgain(): void {
		$changes  = [ new Change( 7, [ 'customer_id' => 1, 'category' => null ] ), new Change( 8, [ 'customer_id' => 1 ] ) ];
		$outcomes = $this->send( $changes, self::results( self::error( 404, 'ticket_not_found' ), [ 'status' => 200 ] ), self::results( [ 'status' => 201 ] ) );
		self::assertSame( [ '', '' ], [ $outcomes[0]->code, $outcomes[1]->code ] );
		self::assertSame( [ [ 'op' => 'create', 'ticket_id' => 7, 'customer_id' => 1 ] ], $this->sent( 1 ) );
		self::assertNotSame( $this->transport->sent[0][0]->idempotencyKey, $this->transport->sent[1][0]->idempotencyKey );
	}

	public function testItIsTurnedOnce(): void {
		$outcomes = $this->send( [ new Change( 7, [ 'customer_id' => 1 ] ) ], self::results( self::error( 404, 'ticket_not_found' ) ), self::results( self::error( 409, 'ticket_exists' ) ) );
		self::assertSame( [ 'ticket_exists', true ], [ $outcomes[0]->code, $outcomes[0]->isRefused ] );
		self::assertCount( 2, $this->transport->sent );
	}

	public function testWhatIsGoneNeedNotBeKnown(): void {
		$outcomes = $this->send( [ new Change( 7, [ 'status' => 'closed' ], false, true ) ], self::results( self::error( 404, 'ticket_not_found' ) ) );
		self::assertTrue( $outcomes[0]->isStored() );
		self::assertCount( 1, $this->transport->sent );
	}

	/** @param array|null $dates */
	private static function old( bool $isNew, ?array $dates = [ 'updated_at' => 9, 'closed_at' => 8 ] ): Change {
		return new Change( 7, [ 'customer_id' => 1, 'category' => null, 'created_at' => 5 ], $isNew, false, static fn(): ?array => $dates );
	}

	public function testAnOldTicketIsImportedWithItsDates(): void {
		$stored = self::results( [ 'status' => 201 ] );
		$import = [ 'op' => 'import', 'ticket_id' => 7, 'customer_id' => 1, 'created_at' => 5, 'updated_at' => 9, 'closed_at' => 8 ];
		self::assertTrue( $this->send( [ self::old( true ) ], $stored )[0]->isStored() );
		self::assertSame( [ $import ], $this->sent( 0 ) );
		$this->send( [ self::old( false ) ], self::results( self::error( 404, 'ticket_not_found' ) ), $stored );
		self::assertSame( [ $import ], $this->sent( 1 ), 'as soon as it is known that the service does not have it' );
		$this->send( [ self::old( true, null ) ], $stored );
		self::assertSame( 'create', $this->sent( 0 )[0]['op'], 'without dates' );
	}

	public function testAnImportOfOneThatExistsIsAChange(): void {
		$outcomes = $this->send( [ self::old( true ) ], self::results( self::error( 409, 'ticket_exists' ) ), self::results( [ 'status' => 200 ] ) );
		self::assertTrue( $outcomes[0]->isStored() );
		self::assertSame( [ [ 'op' => 'update', 'ticket_id' => 7, 'customer_id' => 1, 'category' => null ] ], $this->sent( 1 ) );
	}

	public function testDatesThatTheServiceDoesNotTakeAreLeftOut(): void {
		$refusal  = self::results( self::error( 400, 'validation_failed' ) );
		$outcomes = $this->send( [ self::old( false ) ], self::results( self::error( 404, 'ticket_not_found' ) ), $refusal, self::results( [ 'status' => 201 ] ) );
		self::assertTrue( $outcomes[0]->isStored() );
		self::assertSame( [ [ 'op' => 'create', 'ticket_id' => 7, 'customer_id' => 1, 'created_at' => 5 ] ], $this->sent( 2 ) );
		$outcomes = $this->send( [ self::old( true ) ], $refusal, $refusal );
		self::assertSame( [ 'validation_failed', true ], [ $outcomes[0]->code, $outcomes[0]->isRefused ] );
		self::assertCount( 2, $this->transport->sent );
	}

	public function testADeletionIsDoneWhenNothingIsLeft(): void {
		$outcomes = $this->send( [ Change::deletion( 7 ), Change::deletion( 8 ), Change::deletion( 9 ) ], self::results( [ 'status' => 204 ], self::error( 404, 'ticket_not_found' ), self::error( 410, 'ticket_deleted' ) ) );
		self::assertSame( [ '', '', '' ], [ $outcomes[0]->code, $outcomes[1]->code, $outcomes[2]->code ] );
		self::assertSame( [ 'op' => 'delete', 'ticket_id' => 7 ], $this->sent( 0 )[0] );
		self::assertCount( 1, $this->transport->sent );
		self::assertFalse( $outcomes[0]->mayHideAnother( 100000, null ), 'nothing overwrites it' );
	}

	public function testATombstoneIsFinal(): void {
		$gone     = self::error( 410, 'ticket_deleted' );
		$outcomes = $this->send( [ new Change( 7, [ 'customer_id' => 1 ] ), self::old( true ) ], self::results( $gone, self::error( 409, 'ticket_exists' ) ), self::results( $gone ) );
		self::assertSame( [ true, true ], [ $outcomes[0]->isFinal(), $outcomes[1]->isFinal() ] );
		self::assertCount( 2, $this->transport->sent );
		self::assertFalse( $this->send( self::changes( 1 ), self::results( self::error( 400, 'validation_failed' ) ) )[0]->isFinal() );
	}

	public function testARefusalIsTheTicketsAndAFailureIsNot(): void {
		$outcomes = $this->send( self::changes( 2 ), self::results( self::error( 400, 'validation_failed' ), self::error( 503, 'store_unavailable' ) ) );
		self::assertSame( [ 'validation_failed', true, 'The reason of validation_failed.' ], [ $outcomes[0]->code, $outcomes[0]->isRefused, $outcomes[0]->detail ] );
		self::assertSame( [ 'store_unavailable', false ], [ $outcomes[1]->code, $outcomes[1]->isRefused ] );
	}

	public function testATicketWhoseDataIsDamagedThereHoldsUpNoOther(): void {
		$one  = array_fill( 0, 499, [ 'status' => 200 ] );
		$outcomes = $this->send( self::changes( 501 ), self::results( ...$one, ...[ self::error( 500, 'internal_error' ) ] ), self::results( [ 'status' => 200 ] ) );
		self::assertSame( [ 'internal_error', true ], [ $outcomes[499]->code, $outcomes[499]->isRefused ] );
		self::assertTrue( $outcomes[500]->isStored() );
		self::assertFalse( $this->send( self::changes( 1 ), self::problem( 500, 'internal_error' ) )[0]->isRefused, 'of the whole, it is the service' );
	}

	public function testMoreThanTheServiceTakesAreSentOneAfterTheOther(): void {
		$some = self::results( ...array_fill( 0, 500, [ 'status' => 200 ] ) );
		$rest = self::results( [ 'status' => 200 ] );
		$outcomes = $this->send( self::changes( 501 ), $some, $rest );
		self::assertCount( 501, array_filter( $outcomes, static fn( Outcome $outcome ): bool => $outcome->isStored() ) );
		self::assertSame( [ 500, 1 ], [ count( $this->sent( 0 ) ), count( $this->sent( 1 ) ) ] );
	}

	public function testWhenItIsAwayTheRestIsNotTried(): void {
		$outcomes = $this->send( self::changes( 1001 ), Answer::failure( 'timeout', 'Too late.' ) );
		self::assertCount( 1, $this->transport->sent );
		self::assertCount( 1001, $outcomes );
		self::assertSame( [ 'timeout', false ], [ $outcomes[1000]->code, $outcomes[1000]->isRefused ] );
	}

	/** @return array<string, array{string}> */
	public function refusalsOfTheSite(): array {
		return [ [ 'unauthorized' ], [ 'forbidden' ], [ 'rate_limited' ] ];
	}

	/** @dataProvider refusalsOfTheSite */
	public function testWhatIsWrongWithTheSiteIsNoTicketsFault( string $code ): void {
		$outcomes = $this->send( self::changes( 1 ), self::problem( 403, $code ) );
		self::assertSame( [ $code, false ], [ $outcomes[0]->code, $outcomes[0]->isRefused ] );
	}

	public function testTheOneThatIsTooLargeIsFound(): void {
		$large = self::problem( 413, 'payload_too_large' );
		$good  = self::results( [ 'status' => 200 ] );
		$two   = self::results( [ 'status' => 200 ], [ 'status' => 200 ] );
		// Four; the first two, the first, the second; the last two.
		$outcomes = $this->send( self::changes( 4 ), $large, $large, $good, $large, $two );
		self::assertSame( [ '', 'payload_too_large', '', '' ], array_map( static fn( Outcome $outcome ): string => $outcome->code, $outcomes ) );
		self::assertTrue( $outcomes[1]->isRefused );
	}

	public function testWhatIsNoJsonHoldsUpNoOther(): void {
		$changes  = [ new Change( 1, [ 'subject' => "\xff" ] ), new Change( 2, [ 'status' => 'open' ] ) ];
		$outcomes = $this->send( $changes, self::results( [ 'status' => 200 ] ) );
		self::assertSame( [ 'invalid_argument', true ], [ $outcomes[0]->code, $outcomes[0]->isRefused ] );
		self::assertTrue( $outcomes[1]->isStored() );
	}

	public function testAResultThatSaysNothingIsNoSuccess(): void {
		foreach ( [ [ 'status' => 503 ], [ 'status' => 404 ], 'x', [] ] as $result ) {
			$answer  = Answer::fromHttp( 207, [], json_encode( [ 'results' => [ $result ] ] ) );
			$outcome = $this->send( self::changes( 1 ), $answer )[0];
			self::assertSame( [ 'bad_answer', false ], [ $outcome->code, $outcome->isRefused ] );
		}
	}

	public function testAStatusIsAWholeNumberAndAResultIsOfItsTicket(): void {
		foreach ( [ [ 'status' => '200' ], [ 'status' => 200.5 ], [ 'status' => [ 200 ] ], [ 'status' => true ], [ 'status' => 200, 'ticket_id' => 2 ], [ 'status' => 200, 'ticket_id' => '1' ] ] as $result ) {
			$outcome = $this->send( self::changes( 1 ), self::results( $result ) )[0];
			self::assertSame( [ 'bad_answer', false ], [ $outcome->code, $outcome->isRefused ], json_encode( $result ) );
		}
		self::assertTrue( $this->send( self::changes( 1 ), self::results( [ 'status' => 200, 'ticket_id' => 1 ] ) )[0]->isStored() );
	}

	public function testAnAnswerThatDoesNotFitIsNone(): void {
		$outcomes = $this->send( self::changes( 2 ), self::results( [ 'status' => 200 ] ) );
		self::assertSame( [ 'bad_answer', false ], [ $outcomes[1]->code, $outcomes[1]->isRefused ] );
		self::assertFalse( $outcomes[0]->isStored() );
	}

	public function testNothingIsNoRequest(): void {
		self::assertSame( [], $this->send( [], self::results() ) );
		self::assertSame( [], $this->transport->sent );
	}
}
