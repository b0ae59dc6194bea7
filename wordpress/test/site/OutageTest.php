<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** While the service is unavailable, pages are rendered as usual, and nothing is lost. */
final class OutageTest extends SiteTestCase {

	/** @return int[] */
	private function createEach( string $subject ): array {
		$ids = [];
		foreach ( self::DESKS as $desk ) {
			$page = $this->site->act( Step::create( $desk, $subject ), Step::change( $desk, 'assign', null, Step::AGENTS[2] ) );
			self::assertSame( 200, $page->status );
			$ids[ $desk ] = $page->created()[0];
		}
		return $ids;
	}

	private function closeEach( array $ids ): void {
		foreach ( $ids as $desk => $id ) {
			self::assertSame( 200, $this->site->act( Step::change( $desk, 'close', $id ) )->status );
		}
	}

	/** @return array<string, array{string}> */
	public function departures(): array {
		return [
			'it is killed'  => [ 'service-killed' ],
			'it is stopped' => [ 'service-stopped' ],
		];
	}

	/** @dataProvider departures */
	public function testWhatChangesWhileTheServiceIsAwayIsReplayedByCron( string $departure ): void {
		$old = $this->createEach( 'From before' );
		$this->site->settle();
		FaultyServer::order( $departure );
		$new = $this->createEach( 'While it is unavailable' );
		$this->closeEach( $old );
		$this->closeEach( $new );
		$this->site->settle();
		self::assertCount( 2 * count( self::DESKS ), $this->outbox(), 'a ticket waits once' );
		$this->site->cron();
		self::assertCount( 2 * count( self::DESKS ), $this->outbox(), 'it is still unavailable' );
		FaultyServer::order( 'service-back' );
		$this->site->cron();
		$this->assertAllAgree( 2 * count( self::DESKS ) );
	}

	public function testItIsReplayedFromTheCommandLine(): void {
		FaultyServer::order( 'service-killed' );
		$this->createEach( 'While it is unavailable' );
		$this->site->settle();
		$result = $this->site->replay();
		self::assertSame( [ 0, count( self::DESKS ), 'network_error' ], [ $result['delivered'], $result['left'], $result['stoppedBy'] ] );
		FaultyServer::order( 'service-back' );
		$result = $this->site->replay();
		self::assertSame( [ count( self::DESKS ), 0, '' ], [ $result['delivered'], $result['left'], $result['stoppedBy'] ] );
		$this->assertAllAgree( count( self::DESKS ) );
	}

	public function testWhileItIsAwayPagesSoonDoNotEvenTry(): void {
		$server = new FaultyServer();
		$this->site->configure( [ 'TICKET_METADATA_URL' => $server->url( 'reset' ) ] );
		for ( $page = 1; $page <= 5; $page++ ) {
			$this->site->act( Step::create( 'awesome-support', "Tried $page" ) );
			$this->site->settle();
		}
		$tried = count( $server->seen() );
		self::assertGreaterThanOrEqual( 5, $tried );
		for ( $page = 1; $page <= 5; $page++ ) {
			$this->site->act( Step::create( 'awesome-support', "Not tried $page" ) );
			$this->site->settle();
		}
		self::assertCount( $tried, $server->seen() );
		self::assertCount( 10, $this->outbox() );
		$this->site->configure( [] );
		$this->site->cron();
		$this->assertAllAgree( 10 );
		$server = new FaultyServer();
		$this->site->configure( [ 'TICKET_METADATA_URL' => $server->url( 'service' ) ] );
		$this->site->act( Step::create( 'awesome-support', 'Tried again' ) );
		$this->site->settle();
		self::assertCount( 1, $server->seen(), 'what the replay has learnt is good for pages too' );
		$this->assertAllAgree( 11 );
	}

	public function testTheFirstThatWaitsIsTheFirstThatIsSent(): void {
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		$ids = [];
		for ( $number = 1; $number <= 6; $number++ ) {
			$ids[] = $this->site->act( Step::create( 'awesome-support', "Number $number" ) )->created()[0];
			$this->site->settle();
		}
		// Those that are changed once more keep their place.
		foreach ( array_reverse( $ids ) as $id ) {
			$this->site->act( Step::change( 'awesome-support', 'assign', $id, Step::AGENTS[0] ) );
			$this->site->settle();
		}
		$server = new FaultyServer();
		$this->site->configure( [ 'TICKET_METADATA_URL' => $server->url( 'service' ) ] );
		$this->site->cron();
		self::assertSame( $ids, array_column( self::batches( $server )[0], 'ticket_id' ) );
		$this->assertAllAgree( 6 );
	}

	/** Of what no help desk has, the changes themselves have to be kept. */
	public function testDeferredFieldsWaitToo(): void {
		$id    = Database::newIds();
		$defer = static fn( array $fields ): array => [ 'do' => 'defer', 'ticket' => $id, 'fields' => $fields ];
		FaultyServer::order( 'service-killed' );
		$this->site->act( $defer( [ 'customer_id' => 4, 'subject' => 'Deferred', 'status' => 'open' ] ), $defer( [ 'priority' => 'low' ] ) );
		$this->site->settle();
		$this->site->act( $defer( [ 'status' => 'closed', 'priority' => null ] ) );
		$this->site->settle();
		self::assertCount( 1, $this->outbox() );
		FaultyServer::order( 'service-back' );
		$this->site->cron();
		$ticket = Service::tickets( [ $id ] )[ $id ];
		self::assertSame( [ 4, 'Deferred', 'closed', null ], [ $ticket['customer_id'], $ticket['subject'], $ticket['status'], $ticket['priority'] ?? null ] );
		self::assertSame( [], $this->outbox() );
	}

	public function testAnAnswerThatIsLostDoesNoHarm(): void {
		$server = new FaultyServer();
		$this->site->configure( self::service( [ 'TICKET_METADATA_URL' => $server->url( 'service-unheard-once' ) ] ) );
		$this->createEach( 'Unheard' );
		$this->site->settle();
		$keys = array_column( array_column( $server->seen(), 'headers' ), 'idempotency-key' );
		self::assertSame( 2, array_count_values( $keys )[ $keys[0] ], 'it is the same request again' );
		$this->assertAllAgree( count( self::DESKS ) );
	}

	public function testWithoutRedisTheServiceTakesAllTheSame(): void {
		$old = $this->createEach( 'From before' );
		$this->site->settle();
		FaultyServer::order( 'redis-unavailable' );
		$new = $this->createEach( 'Without Redis' );
		$this->closeEach( $old );
		$this->site->settle();
		$this->closeEach( $new );
		$this->site->settle();
		self::assertSame( [], $this->outbox() );
		FaultyServer::order( 'redis-back' );
		$this->assertAllAgree( 2 * count( self::DESKS ) );
	}

	/** The service cannot know, without Redis, whether it has the ticket: it has to be told. */
	public function testWhatHasWaitedIsTakenWithoutRedisToo(): void {
		$old = $this->createEach( 'From before' );
		$this->site->settle();
		FaultyServer::order( 'service-killed' );
		$new = $this->createEach( 'While both are unavailable' );
		$this->closeEach( $old );
		$this->site->settle();
		self::assertCount( 2 * count( self::DESKS ), $this->outbox() );
		FaultyServer::order( 'redis-unavailable' );
		FaultyServer::order( 'service-back' );
		$this->site->cron();
		$this->closeEach( $new );
		$this->site->settle();
		FaultyServer::order( 'redis-back' );
		$this->site->cron();
		$this->assertAllAgree( 2 * count( self::DESKS ) );
	}

	/** The queue of the frozen service holds what pages have given up: it is done when nobody expects it any more. */
	public function testWhatAFrozenServiceDoesLaterDoesNotUndoWhatCameSince(): void {
		$ids = $this->createEach( 'Thawed' );
		$this->site->settle();
		FaultyServer::order( 'service-frozen' );
		foreach ( [ 'close', 'reopen', 'close', 'reopen' ] as $what ) {
			foreach ( $ids as $desk => $id ) {
				$this->site->act( Step::change( $desk, $what, $id ) );
				$this->site->settle();
			}
		}
		self::assertCount( count( self::DESKS ), $this->outbox() );
		FaultyServer::order( 'service-thawed' );
		$this->site->cron();
		$this->assertAllAgree( count( self::DESKS ) );
	}

	/** @return array<string, array{string, string}> */
	public function answers(): array {
		return [
			'it is overloaded'       => [ 'overloaded', 'overloaded' ],
			'it has no room'         => [ 'unavailable', 'store_unavailable' ],
			'too many ask'           => [ 'rate-limited', 'rate_limited' ],
			'a proxy answers'        => [ 'bare-503', 'bad_answer' ],
			'something else answers' => [ 'not-json', 'bad_answer' ],
			'half an answer'         => [ 'half', 'network_error' ],
			'the key is wrong'       => [ 'echo', 'forbidden' ],
		];
	}

	/** @dataProvider answers */
	public function testWhateverElseAnswersNothingIsLost( string $behaviour, string $code ): void {
		$this->site->configure( [ 'TICKET_METADATA_URL' => ( new FaultyServer() )->url( $behaviour ) ] );
		$this->createEach( $behaviour );
		$this->site->settle();
		self::assertSame( array_fill( 0, count( self::DESKS ), $code ), array_column( $this->outbox(), 'error_code' ) );
		$this->site->configure( [] );
		$this->site->cron();
		$this->assertAllAgree( count( self::DESKS ) );
	}
}
