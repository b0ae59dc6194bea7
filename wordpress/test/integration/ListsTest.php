<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Client\Client;
use TicketMetadata\Plugin;

/** ticket_metadata_find() and ticket_metadata_counts(), on the real service. */
final class ListsTest extends SiteTestCase {

	/** @return array{int, int[]} a customer, and the ids of its tickets: two open ones of agent 7, one pending, one closed */
	private function tickets(): array {
		$customer = random_int( 1000000, 2 ** 40 );
		$ids      = [];
		foreach ( [ [ 'open', 7, 'Billing' ], [ 'open', 7, null ], [ 'pending', null, 'Größe & Co' ], [ 'closed', 8, null ] ] as $number => [ $status, $agent, $category ] ) {
			$ids[] = $id = self::newId();
			self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => $customer, 'status' => $status, 'assigned_to' => $agent, 'category' => $category, 'created_at' => 1700000000 + $number ] ) );
		}
		return [ $customer, $ids ];
	}

	private static function idsOf( array $page ): array {
		return array_column( $page['tickets'], 'ticket_id' );
	}

	public function testTicketsAreFoundByWhatTheyAre(): void {
		[ $customer, $ids ] = $this->tickets();
		$find               = static fn( array $filters ): array => self::idsOf( ticket_metadata_find( $filters + [ 'customer_id' => $customer ], [ 'sort' => 'created_at' ] ) );
		self::assertSame( $ids, $find( [] ) );
		self::assertSame( [ $ids[0], $ids[1], $ids[2] ], $find( [ 'status' => [ 'open', 'pending' ] ] ) );
		self::assertSame( [ $ids[0], $ids[1], $ids[2] ], $find( [ 'status' => 'open,pending' ] ) );
		self::assertSame( [ $ids[0], $ids[1] ], $find( [ 'assigned_to' => 7 ] ) );
		self::assertSame( [ $ids[2] ], $find( [ 'assigned_to' => 'none' ] ) );
		self::assertSame( [ $ids[2] ], $find( [ 'category' => 'Größe & Co' ] ) );
		self::assertSame( [ $ids[1], $ids[2] ], $find( [ 'created_since' => 1700000001, 'created_until' => 1700000002 ] ) );
		self::assertSame( [], $find( [ 'priority' => 'high' ] ) );
	}

	public function testTheyComePageByPage(): void {
		[ $customer, $ids ] = $this->tickets();
		$found              = [];
		$cursor             = [];
		do {
			$page   = ticket_metadata_find( [ 'customer_id' => $customer ], [ 'sort' => '-created_at', 'limit' => 3 ] + $cursor );
			$found  = array_merge( $found, self::idsOf( $page ) );
			$cursor = [ 'cursor' => $page['next_cursor'] ];
			self::assertSame( [ 'tickets', 'next_cursor', 'has_more' ], array_keys( $page ) );
		} while ( $page['has_more'] );
		self::assertSame( array_reverse( $ids ), $found );
		self::assertEquals( ticket_metadata_get( $ids[3] ), ticket_metadata_find( [ 'customer_id' => $customer, 'status' => 'closed' ] )['tickets'][0] );
	}

	public function testTheyAreCounted(): void {
		[ $customer ] = $this->tickets();
		$counts       = ticket_metadata_counts( 'status', [ 'customer_id' => $customer ] );
		self::assertEquals( [ 'open' => 2, 'pending' => 1, 'closed' => 1 ], $counts['counts'] );
		self::assertEqualsWithDelta( time(), $counts['as_of'], 60 );
		self::assertEquals( [ 7 => 2, 8 => 1, 'none' => 1 ], ticket_metadata_counts( 'assigned_to', [ 'customer_id' => $customer ] )['counts'] );
	}

	/** @return array<string, array{callable(): mixed, string, string}> */
	public function mistakes(): array {
		return [
			'an unknown filter'        => [ static fn() => ticket_metadata_find( [ 'colour' => 'red' ] ), 'validation_failed', 'colour' ],
			'an unknown sort'          => [ static fn() => ticket_metadata_find( [], [ 'sort' => 'subject' ] ), 'validation_failed', 'sort' ],
			'an unknown status'        => [ static fn() => ticket_metadata_find( [ 'status' => 'snoozed' ] ), 'validation_failed', 'status' ],
			'no value at all'          => [ static fn() => ticket_metadata_find( [ 'status' => [] ] ), 'validation_failed', 'status' ],
			'an empty value'           => [ static fn() => ticket_metadata_find( [ 'customer_id' => null ] ), 'invalid_argument', 'customer_id' ],
			'limit 0'                  => [ static fn() => ticket_metadata_find( [], [ 'limit' => 0 ] ), 'validation_failed', 'limit' ],
			'a cursor of another list' => [ static fn() => ticket_metadata_find( [], [ 'cursor' => 'abc' ] ), 'validation_failed', 'cursor' ],
			'a list by ids'            => [ static fn() => ticket_metadata_find( [ 'ids' => 7 ] ), 'invalid_argument', 'ids is not a filter' ],
			'an argument as a filter'  => [ static fn() => ticket_metadata_find( [ 'limit' => 7 ] ), 'invalid_argument', 'limit is not a filter' ],
			'an unknown argument'      => [ static fn() => ticket_metadata_find( [], [ 'page' => 7 ] ), 'invalid_argument', 'There is no argument \"page\"' ],
			'a comma within a value'   => [ static fn() => ticket_metadata_find( [ 'category' => [ 'a,b' ] ] ), 'invalid_argument', 'comma' ],
			'an object'                => [ static fn() => ticket_metadata_find( [ 'category' => new \stdClass() ] ), 'invalid_argument', 'category' ],
			'no UTF-8'                 => [ static fn() => ticket_metadata_find( [ 'category' => "\xff" ] ), 'invalid_argument', 'category' ],
			'counts by a subject'      => [ static fn() => ticket_metadata_counts( 'subject' ), 'validation_failed', 'group_by' ],
			'counts with a cursor'     => [ static fn() => ticket_metadata_counts( 'status', [ 'cursor' => 'abc' ] ), 'invalid_argument', 'cursor is not a filter' ],
		];
	}

	/** @dataProvider mistakes */
	public function testAMistakeIsNamed( callable $ask, string $code, string $text ): void {
		$error = $ask();
		self::assertInstanceOf( \WP_Error::class, $error );
		self::assertSame( $code, $error->get_error_code() );
		self::assertStringContainsString( stripslashes( $text ), $error->get_error_message() );
		self::assertSame( [ 'status', 'request_id' ], array_keys( $error->get_error_data() ) );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'nobody there'            => [ '', 'network_error' ],
			'a key that may not read' => [ 'forbidden', 'forbidden' ],
			'WordPress\'s tables'     => [ 'unsupported', 'not_supported' ],
			'in need'                 => [ 'overloaded', 'overloaded' ],
			'a web page'              => [ 'not-json', 'bad_answer' ],
			'no tickets'              => [ 'odd-page', 'bad_answer' ],
			'pages without an end'    => [ 'endless-page', 'bad_answer' ],
		];
	}

	/** @dataProvider failures */
	public function testAFailureIsAnError( string $behaviour, string $code ): void {
		$this->use( $behaviour === '' ? getenv( 'NOBODY_URL' ) : ( new FaultyServer() )->url( $behaviour ) );
		self::assertSame( [ $code, $code ], [ ticket_metadata_find()->get_error_code(), ticket_metadata_counts()->get_error_code() ] );
	}

	public function testThatAListIsIncompleteIsSaid(): void {
		$this->use( ( new FaultyServer() )->url( 'page-by-page' ) );
		$first = ticket_metadata_find( [], [ 'partial' => true ] );
		self::assertSame( [ [], 'abc', true ], [ $first['tickets'], $first['next_cursor'], $first['has_more'] ] );
		self::assertSame( [ 'mysql' ], ticket_metadata_find( [], [ 'partial' => true, 'cursor' => 'abc' ] )['incomplete'] );
	}

	public function testTheSameIsAskedOnceUntilThePageWrites(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		foreach ( [ 1, 2 ] as $round ) {
			ticket_metadata_find( [ 'status' => 'open' ] );
			ticket_metadata_find( [ 'status' => 'open' ] );
			ticket_metadata_counts( 'status', [ 'customer_id' => 5 ] );
			ticket_metadata_counts( 'status', [ 'customer_id' => 5 ] );
			self::assertCount( 2 * $round, array_filter( $server->seen(), static fn( array $seen ): bool => $seen['method'] === 'GET' ) );
			ticket_metadata_write( self::newId(), [ 'customer_id' => 1 ] );
		}
		ticket_metadata_find( [ 'status' => 'pending' ] );
		ticket_metadata_find( [ 'status' => 'snoozed' ] );
		ticket_metadata_find( [ 'status' => 'snoozed' ] );
		self::assertCount( 7, array_filter( $server->seen(), static fn( array $seen ): bool => $seen['method'] === 'GET' ), 'a failure is not kept' );
	}

	public function testAListThatTakesLongSaysNothingOfTheCircuit(): void {
		$this->use( ( new FaultyServer() )->url( 'silent' ), [ 'timeout_ms' => 50 ] );
		for ( $call = 0; $call <= CircuitBreaker::FAILURES_MAX; $call++ ) {
			self::assertSame( 'timeout', ticket_metadata_find()->get_error_code() );
			self::assertSame( 'timeout', ticket_metadata_counts()->get_error_code() );
		}
		self::assertNull( Client::state()->get( 'circuit' ) );
		for ( $call = 0; $call < CircuitBreaker::FAILURES_MAX; $call++ ) {
			ticket_metadata_get( 7 );
		}
		self::assertSame( [ 'circuit_open', 'circuit_open' ], [ ticket_metadata_find()->get_error_code(), ticket_metadata_counts()->get_error_code() ], 'an open one keeps it from being asked' );
	}
}
