<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;

/** What counts as the answer to a request about a ticket. */
final class TicketShapeTest extends PluginTestCase {

	private const TICKET = [ 'ticket_id' => 7, 'version' => 5, 'customer_id' => 1, 'subject' => 'A', 'custom_fields' => [ 'a' => 1.5, 'b' => true ], 'created_at' => 0, 'synced_version' => null ];

	private function got( array $body, int $status = 200 ): Answer {
		return $this->clientBy( new ScriptedTransport( Answer::fromHttp( $status, [], json_encode( $body ) ) ) )->get( 7 );
	}

	private function written( array $body, int $status = 200 ): Answer {
		return $this->clientBy( new ScriptedTransport( Answer::fromHttp( $status, [], json_encode( $body ) ) ) )->update( 7, [ 'status' => 'open' ] );
	}

	public function testATicketIsTakenAsItIs(): void {
		self::assertSame( self::TICKET, $this->got( self::TICKET )->body );
		self::assertTrue( $this->written( self::TICKET )->isStored() );
		self::assertTrue( $this->written( [ 'ticket_id' => 7, 'journaled' => true ], 202 )->isStored() );
	}

	public function testAFieldOfANewerServiceIsTakenIfItCanBeShown(): void {
		self::assertSame( self::TICKET + [ 'colour' => 'red' ], $this->got( self::TICKET + [ 'colour' => 'red', 'history' => [ [ 'at' => 1 ] ] ] )->body );
	}

	/** @return array<string, array{array}> what is not as it should be */
	public function changed(): array {
		return [
			'another ticket'         => [ [ 'ticket_id' => 8 ] ],
			'an id as text'          => [ [ 'ticket_id' => '7' ] ],
			'no version'             => [ [ 'version' => null ] ],
			'a version with a point' => [ [ 'version' => 5.5 ] ],
			'a negative version'     => [ [ 'version' => -5 ] ],
			'a huge version'         => [ [ 'version' => 2 ** 53 ] ],
			'a text for a number'    => [ [ 'customer_id' => '1' ] ],
			'a negative time'        => [ [ 'created_at' => -1 ] ],
			'a list for a number'    => [ [ 'synced_version' => [ 5 ] ] ],
			'a number for a text'    => [ [ 'subject' => 5 ] ],
			'an object for a text'   => [ [ 'status' => [ 'a' => 1 ] ] ],
			'a text for an object'   => [ [ 'custom_fields' => 'none' ] ],
			'a list in a field'      => [ [ 'custom_fields' => [ 'a' => [ 1 ] ] ] ],
			'null in a field'        => [ [ 'custom_fields' => [ 'a' => null ] ] ],
		];
	}

	/** @dataProvider changed */
	public function testAnythingElseIsNoTicket( array $fields ): void {
		self::assertFailed( 'bad_answer', $this->got( $fields + self::TICKET ) );
		self::assertFailed( 'bad_answer', $this->written( $fields + self::TICKET ) );
	}

	public function testASuccessThatSaysNothingOfTheTicketIsNone(): void {
		foreach ( [ [ [ 'ok' => true ], 200 ], [ [ 'ticket_id' => 7, 'journaled' => false ], 202 ], [ [ 'ticket_id' => 8, 'journaled' => true ], 202 ], [ [ 'ticket_id' => 7 ], 201 ], [ self::TICKET, 207 ], [ self::TICKET, 204 ] ] as [ $body, $status ] ) {
			self::assertFailed( 'bad_answer', $this->written( $body, $status ) );
			self::assertFailed( 'bad_answer', $this->got( $body, $status === 200 ? 200 : 207 ) );
		}
	}

	public function testACodeIsAWord(): void {
		foreach ( [ '', 'No', "forbidden\n", '<b>', str_repeat( 'a', 65 ), [ 'forbidden' ], 1 ] as $code ) {
			self::assertFailed( 'bad_answer', $this->got( compact( 'code' ), 403 ) );
		}
		self::assertSame( 'forbidden', $this->got( [ 'code' => 'forbidden' ], 403 )->code );
	}

	public function testAPushSaysTheStateOfEachTicket(): void {
		$push = fn( array $results ): Answer => $this->clientBy( new ScriptedTransport( Answer::fromHttp( 200, [], json_encode( compact( 'results' ) ) ) ) )->flush( [ 7 ] );
		self::assertSame( '', $push( [ [ 'ticket_id' => 7, 'state' => 'synced' ] ] )->code );
		$strange = $this->clientBy( new ScriptedTransport( Answer::fromHttp( 207, [], '{"results":[{"ticket_id":7,"state":"synced"}]}' ) ) );
		self::assertFailed( 'bad_answer', $strange->flush( [ 7 ] ) );
		foreach ( [ [], [ 'x' ], [ [ 'ticket_id' => 8, 'state' => 'synced' ] ], [ [ 'ticket_id' => 7, 'state' => true ] ], [ [ 'ticket_id' => 7, 'state' => 'synced' ], [] ] ] as $results ) {
			self::assertFailed( 'bad_answer', $push( $results ) );
		}
	}
}
