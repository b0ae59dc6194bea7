<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** What happens to the tickets that one page changes. */
class OnePageTest extends SiteTestCase {

	/** A page with thirty changes. */
	private static function changes( array $ids ): array {
		$steps = [];
		foreach ( $ids as $number => $id ) {
			$steps[] = Step::change( 'awesome-support', 'assign', $id, Step::AGENTS[ $number % 3 ] );
			$steps[] = Step::change( 'awesome-support', 'status', $id, 'hold' );
			$steps[] = Step::change( 'awesome-support', 'category', $id, 'Shipping' );
		}
		return $steps;
	}

	/** @return int[] */
	private function tenTickets(): array {
		$creations = array_map( static fn( int $number ): array => Step::create( 'awesome-support', "Ticket $number" ), range( 1, 10 ) );
		// The first page of all is slow, because PHP compiles each file for it. The ten are to be in the service.
		$this->site->configure( [ 'TICKET_METADATA_TIMEOUT_MS' => 300000 ] );
		$page = $this->site->act( ...$creations );
		$this->site->settle();
		$this->site->configure( [] );
		self::assertCount( 10, $page->created(), $page->body );
		return $page->created();
	}

	public function testThirtyChangesOfTenTicketsAreOneBatch(): void {
		$ids    = $this->tenTickets();
		$server = new FaultyServer();
		$this->site->configure( self::service( [ 'TICKET_METADATA_URL' => $server->url( 'service' ) ] ) );
		$this->site->act( ...self::changes( $ids ) );
		$this->site->settle();
		$seen = $server->seen();
		self::assertCount( 1, $seen );
		self::assertSame( '/tickets/batch', $seen[0]['path'] );
		self::assertSame( $ids, array_column( $seen[0]['body']['operations'], 'ticket_id' ) );
		$this->assertAllAgree( 10 );
	}

	public function testThePageDoesNotWaitForTheService(): void {
		$ids = $this->tenTickets();
		// So long that the page itself would not come.
		$this->site->configure( self::service( [ 'TICKET_METADATA_TIMEOUT_MS' => 300000 ] ) );
		FaultyServer::order( 'service-frozen' );
		self::assertStringContainsString( 'It was made.', $this->site->act( ...self::changes( $ids ) )->body );
		FaultyServer::order( 'service-thawed' );
		$this->site->settle();
		$this->assertAllAgree( 10 );
	}

	public function testTheVisitorsNextPageDoesNotWaitForTheServiceEither(): void {
		$this->site->configure( self::service( [ 'TICKET_METADATA_TIMEOUT_MS' => 300000 ] ) );
		FaultyServer::order( 'service-frozen' );
		$session = [ 'do' => 'begin-session', 'name' => 'visitor' . bin2hex( random_bytes( 8 ) ) ];
		$this->site->act( $session, Step::create( 'awesome-support', 'Of a visitor with a session' ) );
		self::assertSame( 200, $this->site->act( $session )->status, 'PHP has a lock on each session' );
		FaultyServer::order( 'service-thawed' );
		$this->site->settle();
		$this->assertAllAgree( 1 );
	}

	public function testABrowserThatHangsUpLosesNothing(): void {
		$meeting = 'unheard-' . bin2hex( random_bytes( 8 ) );
		$this->site->actUnheard( $meeting, Step::create( 'awesome-support', 'Unheard' ), Step::meet( $meeting ), [ 'do' => 'say-much' ] );
		$this->site->act( Step::meet( $meeting ) );
		$this->site->settle();
		$this->assertAllAgree( 1 );
	}

	public function testWhatAFrozenServiceDoesNotTakeWaits(): void {
		$ids = $this->tenTickets();
		FaultyServer::order( 'service-frozen' );
		self::assertStringContainsString( 'It was made.', $this->site->act( ...self::changes( $ids ) )->body );
		$this->site->settle();
		self::assertSame( $ids, array_column( $this->outbox(), 'ticket_id' ) );
		FaultyServer::order( 'service-thawed' );
		$this->site->cron();
		$this->assertAllAgree( 10 );
	}

	public function testWherePhpCannotSendThePageOffFirstItIsLateByNoMoreThanTheTimeout(): void {
		$ids = $this->tenTickets();
		$this->site->configure( [ 'TICKET_METADATA_TIMEOUT_MS' => 4000 ] );
		FaultyServer::order( 'service-frozen' );
		// Two batches, of a help desk and of deferred fields: the time is for both.
		$page = Site::behindPhpServer()->act( ...self::changes( $ids ), ...[ [ 'do' => 'defer', 'ticket' => Database::newIds(), 'fields' => [ 'customer_id' => 1 ] ] ] );
		self::assertStringContainsString( 'It was made.', $page->body );
		// 4 s are promised; the rest is for making the page on a busy machine.
		self::assertGreaterThan( 3.9, $page->seconds );
		self::assertLessThan( 7.9, $page->seconds );
		self::assertSame( $ids, array_slice( array_column( $this->outbox(), 'ticket_id' ), 0, 10 ) );
		$this->site->configure( [] );
		FaultyServer::order( 'service-thawed' );
		$this->site->cron();
		$this->assertAllAgree( 10 );
	}

	/** @return array<string, array{string}> */
	public function ways(): array {
		return [
			'by a page'       => [ '?act' ],
			'by admin-ajax'   => [ 'wp-admin/admin-ajax.php?action=act' ],
			'by the REST API' => [ '?rest_route=/act/act' ],
		];
	}

	/** @dataProvider ways */
	public function testATicketIsCreatedChangedClosedAndPushed( string $way ): void {
		foreach ( self::DESKS as $desk ) {
			$created = Http::one( $this->site->acting( [ Step::create( $desk, 'Order 4711 — “broken” 🙂', Step::CUSTOMERS[1] ) ], $way ) );
			self::assertSame( 200, $created->status, $created->body );
			[ $id ] = $created->created();
			Http::one( $this->site->acting( [ Step::change( $desk, 'assign', $id, Step::AGENTS[1] ), Step::change( $desk, 'priority', $id, 'High' ) ], $way ) );
			Http::one( $this->site->acting( [ Step::change( $desk, 'close', $id ) ], $way ) );
			$this->site->settle();
			$ticket = Service::tickets( [ self::ticketId( $desk, $id ) ] )[ self::ticketId( $desk, $id ) ];
			// KB Support has no priorities.
			$priority = $desk === 'kb-support' ? null : 'High';
			self::assertSame( [ 'closed', Step::AGENTS[1], $priority ], [ $ticket['status'], $ticket['assigned_to'], $ticket['priority'] ?? null ] );
			self::assertNotNull( $ticket['closed_at'] );
		}
		$this->assertAllAgree( count( self::DESKS ) );
	}

	public function testAClosedTicketIsOpenedAgain(): void {
		foreach ( self::DESKS as $desk ) {
			[ $id ] = $this->site->act( Step::create( $desk, 'Again' ), Step::change( $desk, 'close' ) )->created();
			$this->site->settle();
			$this->site->act( Step::change( $desk, 'reopen', $id ) );
			$this->site->settle();
			self::assertSame( 'open', Service::tickets( [ self::ticketId( $desk, $id ) ] )[ self::ticketId( $desk, $id ) ]['status'] );
		}
		$this->assertAllAgree( count( self::DESKS ) );
	}

	/** @return array<string, array{string}> */
	public function ends(): array {
		$ends = [];
		foreach ( [ 'exit', 'wp-die', 'json', 'redirect', 'exception', 'fatal', 'memory', 'time-limit' ] as $end ) {
			$ends[ $end ] = [ $end ];
		}
		return $ends;
	}

	/** @dataProvider ends */
	public function testHoweverThePageEndsItsChangesAreSent( string $end ): void {
		foreach ( [ $this->site, Site::behindPhpServer() ] as $site ) {
			foreach ( self::DESKS as $desk ) {
				$page = $site->act( Step::create( $desk, "Before $end" ), Step::change( $desk, 'assign', null, Step::AGENTS[0] ), [ 'do' => $end ], Step::create( $desk, 'Not made' ) );
				self::assertCount( 1, $page->created(), $page->body );
			}
		}
		$this->site->settle();
		$this->assertAllAgree( 2 * count( self::DESKS ) );
	}
}
