<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;

/** What the client decides before and after it asks. */
final class ClientTest extends PluginTestCase {

	public function testSwitchedOffItAsksNobody(): void {
		self::assertFailed( 'disabled', $this->clientOf( 'good', [ 'disabled' => true ] )->get( 7 ) );
		self::assertSame( [], $this->server->seen() );
	}

	/**
	 * Without WordPress nobody can say which hosts are the site's own: then none is.
	 *
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testASiteThatBlocksRequestsIsObeyed(): void {
		define( 'WP_HTTP_BLOCK_EXTERNAL', true );
		$answer = $this->clientOf( 'good' )->get( 7 );
		self::assertFailed( 'blocked', $answer );
		self::assertStringContainsString( '127.0.0.1', $answer->detail(), 'it says what to add' );
		self::assertSame( [], $this->server->seen() );
	}

	/** @return array<string, array{mixed}> */
	public function unsendable(): array {
		$circle       = new \stdClass();
		$circle->self = $circle;
		return [
			'not a number'     => [ NAN ],
			'infinity'         => [ INF ],
			'invalid UTF-8'    => [ "\xff" ],
			'a circle'         => [ $circle ],
			'a file'           => [ fopen( 'php://memory', 'r' ) ],
			'one that throws'  => [
				new class() implements \JsonSerializable {
					#[\ReturnTypeWillChange]
					public function jsonSerialize() {
						throw new \DomainException( 'not me' );
					}
				},
			],
		];
	}

	/**
	 * @dataProvider unsendable
	 * @param mixed $value
	 */
	public function testWhatIsNoJsonIsRefusedHere( $value ): void {
		$client = $this->clientOf( 'good' );
		foreach ( [ $client->update( 7, [ 'subject' => $value ] ), $client->batch( [ [ 'op' => 'update', 'ticket_id' => 7, 'custom_fields' => [ 'a' => $value ] ] ] ) ] as $answer ) {
			self::assertFailed( 'invalid_argument', $answer );
			self::assertFalse( $answer->isRetriable() );
		}
		self::assertSame( [], $this->server->seen() );
	}

	public function testFieldsWithNumbersAsNamesAreFields(): void {
		$this->clientOf( 'good' )->update( 7, [ '0' => 'x', 'custom_fields' => [ '0' => 'y' ] ] );
		self::assertSame( [ '0' => 'x', 'custom_fields' => [ '0' => 'y' ] ], $this->server->seen()[0]['body'] );
	}

	public function testNoExceptionLeavesIt(): void {
		$answer = $this->clientBy( new ScriptedTransport( new \TypeError( 'of a filter' ) ) )->get( 7 );
		self::assertFailed( 'client_error', $answer );
		self::assertSame( 'TypeError: of a filter', $answer->detail() );
	}

	public function testTheKeyIsInNoDetail(): void {
		$answer = $this->clientOf( 'echo', [ 'key' => 'tms_secret' ] )->get( 7 );
		self::assertSame( 'You sent Bearer (the key).', $answer->detail() );
		$thrown = $this->clientBy( new ScriptedTransport( new \Exception( 'with tms_secret' ) ), [ 'key' => 'tms_secret' ] )->get( 7 );
		self::assertSame( 'Exception: with (the key)', $thrown->detail() );
	}

	public function testAListAsksForNumbersOnly(): void {
		$this->clientOf( 'good' )->list( [ 7, '8&x=1' ] );
		self::assertSame( '/tickets?ids=7,8', $this->server->seen()[0]['path'] );
	}

	public function testAListAsksForWhatALargeAnswerLeavesOut(): void {
		$transport = new ScriptedTransport(
			Answer::fromHttp( 200, [], '{"tickets":[{"ticket_id":1}],"missing":[],"unprocessed":[2,3],"from_mysql":[1]}' ),
			Answer::fromHttp( 200, [], '{"tickets":[{"ticket_id":3}],"missing":[],"unprocessed":[2]}' ),
			Answer::fromHttp( 200, [], '{"tickets":[],"missing":[2]}' )
		);
		$answer    = $this->clientBy( $transport )->list( [ 1, 2, 3 ] );
		self::assertSame( '', $answer->code );
		self::assertEquals( [ 'tickets' => [ [ 'ticket_id' => 1 ], [ 'ticket_id' => 3 ] ], 'missing' => [ 2 ], 'from_mysql' => [ 1 ] ], $answer->body );
		self::assertSame( [ '/tickets?ids=1,2,3', '/tickets?ids=2,3', '/tickets?ids=2' ], array_column( array_column( $transport->sent, 0 ), 'path' ) );
	}

	public function testAListThatFailsHalfWayIsAFailure(): void {
		$first = Answer::fromHttp( 200, [], '{"tickets":[{"ticket_id":1}],"missing":[],"unprocessed":[2]}' );
		self::assertSame( 'overloaded', $this->clientBy( new ScriptedTransport( $first, Answer::fromHttp( 503, [], '{"code":"overloaded"}' ) ) )->list( [ 1, 2 ] )->code );
		self::assertFailed( 'bad_answer', $this->clientBy( new ScriptedTransport( Answer::fromHttp( 200, [], '{"tickets":[],"missing":[],"unprocessed":[1,2]}' ) ) )->list( [ 1, 2 ] ) );
	}
}
