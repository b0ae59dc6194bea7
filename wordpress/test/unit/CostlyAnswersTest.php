<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Batch;
use TicketMetadata\Changes\Change;
use TicketMetadata\Client\Json;
use TicketMetadata\Client\TicketList;

/** Answers that cost much more than was asked for, by cURL. */
final class CostlyAnswersTest extends PluginTestCase {

	/** For the text, as it grows, and what is decoded of it. 4 MiB of [0] decoded were 260 MB. */
	private const BYTES_MAX = 24 << 20;

	/** @return array<string, array{string, string, array}> what is answered, and the client's method with its arguments */
	public function ofManyValues(): array {
		$ids       = range( 1, 500 );
		$operation = static fn( int $id ): array => [ 'op' => 'update', 'ticket_id' => $id, 'status' => 'open' ];
		return [
			'a ticket'  => [ 'arrays-in-ticket', 'get', [ 7 ] ],
			'a write'   => [ 'arrays-in-ticket', 'update', [ 7, [ 'status' => 'open' ] ] ],
			'results'   => [ 'arrays-in-results', 'batch', [ array_map( $operation, $ids ) ] ],
			'a list'    => [ 'arrays-in-tickets', 'list', [ $ids ] ],
			'a state'   => [ 'objects-in-health', 'health', [] ],
			'counts'    => [ 'objects-in-health', 'backlog', [] ],
			'a push'    => [ 'arrays-in-results', 'flush', [ $ids ] ],
			'a refusal' => [ 'arrays-in-problem', 'get', [ 7 ] ],
		];
	}

	/**
	 * @dataProvider ofManyValues
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testManySmallValuesAreNotDecoded( string $behaviour, string $method, array $arguments ): void {
		$client = $this->clientOf( $behaviour );
		$before = memory_get_peak_usage();
		$answer = $client->$method( ...$arguments );
		self::assertLessThan( self::BYTES_MAX, memory_get_peak_usage() - $before );
		self::assertFailed( 'bad_answer', $answer );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testNorWhereTicketsAreReadInParts(): void {
		$client = $this->clientOf( 'arrays-in-tickets' );
		$before = memory_get_peak_usage();
		$list   = TicketList::of( $client, range( 1, 500 ) );
		self::assertLessThan( self::BYTES_MAX, memory_get_peak_usage() - $before );
		self::assertSame( [], $list->tickets );
		self::assertFailed( 'bad_answer', $list->failure );
		self::assertLessThan( 10, count( $this->server->seen() ), 'it is not asked for each ticket' );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testSoManyValuesAsFitAreDecodedInLittle(): void {
		$client = $this->clientOf( 'batch' );
		$before = memory_get_peak_usage();
		self::assertSame( 200, $client->batch( array_fill( 0, 500, [ 'op' => 'update', 'ticket_id' => 7, 'subject' => str_repeat( '[{,', 80 ) ] ) )->status );
		self::assertLessThan( self::BYTES_MAX, memory_get_peak_usage() - $before );
	}

	/** @return array<string, array{int, string}> number of values, and a JSON text */
	public function texts(): array {
		return [
			'an object'                => [ 2, '{}' ],
			'one in a list'            => [ 3, '{"a":[1]}' ],
			'marks in a text'          => [ 2, '{"a":"[[[,,,{{{"}' ],
			'marks in a name'          => [ 2, '{"[[[,,,{{{":1}' ],
			'an escaped mark'          => [ 2, '{"a":"\\"[[[,,,"}' ],
			'a backslash at the end'   => [ 3, '{"a":"\\\\","b":1}' ],
			'a backslash before that'  => [ 2, '{"a":"\\\\\\",,,"}' ],
			'a text without end'       => [ 2, '{"a":"[,[,[,' ],
			'a backslash without more' => [ 2, '{"a":"[,[,\\' ],
		];
	}

	/** @dataProvider texts */
	public function testValuesAreCountedWhereTheyAre( int $count, string $text ): void {
		self::assertTrue( Json::hasAtMost( $count, $text ) );
		self::assertFalse( Json::hasAtMost( $count - 1, $text ) );
	}

	/** @return array<string, array{string}> */
	public function hostile(): array {
		$names = [ 'deep', 'many-headers', 'long-header', 'endless-headers', 'endless-announcements', 'endless-chunks', 'gzip-bomb' ];
		return array_combine( $names, array_map( static fn( string $name ): array => [ $name ], $names ) );
	}

	/**
	 * @dataProvider hostile
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testWhatDoesNotEndIsEnded( string $behaviour ): void {
		$client = $this->clientOf( $behaviour );
		$before = memory_get_peak_usage();
		self::assertFailed( 'bad_answer', $client->get( 7 ) );
		self::assertLessThan( 8 << 20, memory_get_peak_usage() - $before );
	}

	public function testAnAnswerThatDripsHasATotalTime(): void {
		self::assertFailed( 'timeout', $this->clientOf( 'dripping-without-end', [ 'timeout_ms' => 500 ] )->get( 7 ) );
	}

	/** @return array<string, array{string}> */
	public function plain(): array {
		return [ 'HTTP/1.0' => [ 'http-1.0' ], 'until the connection ends' => [ 'without-length' ], 'after an interim answer' => [ 'announced' ] ];
	}

	/** @dataProvider plain */
	public function testOldAndRareFormsAreUnderstood( string $behaviour ): void {
		$answer = $this->clientOf( $behaviour )->get( 7 );
		self::assertSame( 200, $answer->status, $answer->detail() );
	}

	public function testWhatAnAnswerHadNoRoomForIsAskedForAgain(): void {
		$ids  = range( 1, 250 );
		$list = TicketList::of( $this->clientOf( 'three-at-a-time' ), $ids );
		self::assertSame( [ null, $ids ], [ $list->failure, array_keys( $list->tickets ) ] );
	}

	public function testTicketsThatAreTooLongTogetherAreReadInParts(): void {
		$ids  = range( 1, 150 );
		$list = TicketList::of( $this->clientOf( 'long-tickets' ), $ids );
		self::assertSame( [ null, $ids ], [ $list->failure, array_keys( $list->tickets ) ] );
	}

	public function testResultsThatAreTooLongTogetherAreAskedForInParts(): void {
		$changes  = array_map( static fn( int $id ): Change => new Change( $id, [ 'status' => 'open' ] ), range( 1, 5 ) );
		$outcomes = ( new Batch( $this->clientOf( 'long-results' ) ) )->send( $changes );
		self::assertSame( [ '', '', '', '', '' ], array_map( static fn( $outcome ): string => $outcome->code, $outcomes ) );
	}

	public function testResultsThatAreAlwaysTooLongAreNotAskedForOneByOne(): void {
		$changes  = array_map( static fn( int $id ): Change => new Change( $id, [ 'status' => 'open' ] ), range( 1, 500 ) );
		$outcomes = ( new Batch( $this->clientOf( 'arrays-in-results' ) ) )->send( $changes );
		self::assertSame( [ 'bad_answer' ], array_values( array_unique( array_map( static fn( $outcome ): string => $outcome->code, $outcomes ) ) ) );
		self::assertCount( 500, $outcomes );
		self::assertLessThan( 12, count( $this->server->seen() ) );
	}

	/** @return array<string, array{array}> */
	public function incompleteLists(): array {
		$ticket = [ 'ticket_id' => 1, 'version' => 1 ];
		return [
			'one is not named'           => [ [ 'tickets' => [ $ticket ], 'missing' => [] ] ],
			'nothing but unprocessed ones' => [ [ 'tickets' => [], 'missing' => [], 'unprocessed' => [ 1, 2 ] ] ],
			'of another ticket'          => [ [ 'tickets' => [ $ticket, [ 'ticket_id' => 3 ] + $ticket ], 'missing' => [ 2 ] ] ],
			'another one is missing'     => [ [ 'tickets' => [ $ticket ], 'missing' => [ 2, 9 ] ] ],
			'remaining as text'          => [ [ 'tickets' => [ $ticket ], 'missing' => [], 'unprocessed' => [ '2' ] ] ],
			'an error without ticket'    => [ [ 'tickets' => [ $ticket ], 'missing' => [ 2 ], 'errors' => [ [] ] ] ],
			'a ticket without version'   => [ [ 'tickets' => [ [ 'ticket_id' => 1 ] ], 'missing' => [ 2 ] ] ],
			'an object for a list'       => [ [ 'tickets' => 'none', 'missing' => [ 1, 2 ] ] ],
		];
	}

	/** @dataProvider incompleteLists */
	public function testAListThatLeavesOneOutIsNone( array $body ): void {
		$client = $this->clientBy( new ScriptedTransport( \TicketMetadata\Client\Answer::fromHttp( 200, [], json_encode( $body ) ) ) );
		self::assertFailed( 'bad_answer', TicketList::of( $client, [ 1, 2 ] )->failure );
	}

	public function testTextForPeopleIsOnePlainLine(): void {
		$answer = $this->clientOf( 'terminal' )->get( 7 );
		self::assertSame( 'forbidden', $answer->code );
		self::assertSame( 0, preg_match( '/[\p{Cc}\x{202e}]/u', $answer->detail() . $answer->requestId() ) );
		self::assertStringContainsString( 'Success: all is well', $answer->detail() );
	}

	public function testALongDetailIsCut(): void {
		$answer = \TicketMetadata\Client\Answer::fromHttp( 400, [], json_encode( [ 'code' => 'validation_failed', 'detail' => str_repeat( 'ü', 5000 ) ] ) );
		self::assertSame( 1000, mb_strlen( $answer->detail(), 'UTF-8' ) );
	}
}
