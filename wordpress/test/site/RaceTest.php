<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** Several PHP processes at a time. */
final class RaceTest extends SiteTestCase {

	private const REPETITIONS = 15;

	private function ticket( string $desk ): int {
		$page = $this->site->act( Step::create( $desk, 'Contested' ) );
		$this->site->settle();
		return $page->created()[0];
	}

	/** What one has read is no longer so when it arrives, and arrives last. */
	public function testWhoSendsLastSendsWhatThereIs(): void {
		foreach ( self::DESKS as $desk ) {
			$id     = $this->ticket( $desk );
			$server = new FaultyServer();
			$this->site->configure( self::service( [ 'TICKET_METADATA_URL' => $server->url( 'service-held-once' ) ] ) );
			$this->site->act( Step::change( $desk, 'assign', $id, Step::AGENTS[0] ) );
			self::until( static fn(): bool => count( self::batches( $server ) ) === 1, 'the first has sent what it read' );
			$this->site->act( Step::change( $desk, 'assign', $id, Step::AGENTS[1] ) );
			$ticketId = self::ticketId( $desk, $id );
			self::until( static fn(): bool => ( Service::tickets( [ $ticketId ] )[ $ticketId ]['assigned_to'] ?? null ) === Step::AGENTS[1], 'the second has arrived' );
			$server->letGo();
			$this->site->settle();
			$this->site->configure( [] );
		}
		$this->assertAllAgree( count( self::DESKS ) );
	}

	public function testTwoPagesChangeATicketAtTheSameMoment(): void {
		foreach ( self::DESKS as $desk ) {
			$id = $this->ticket( $desk );
			for ( $time = 1; $time <= self::REPETITIONS; $time++ ) {
				$meeting = [ Step::meet( bin2hex( random_bytes( 8 ) ) ) ];
				Http::all(
					[
						$this->site->acting( array_merge( $meeting, [ Step::change( $desk, 'assign', $id, Step::AGENTS[ $time % 3 ] ) ] ) ),
						$this->site->acting( array_merge( $meeting, [ Step::change( $desk, $time % 2 === 1 ? 'close' : 'reopen', $id ) ] ) ),
					]
				);
			}
		}
		$this->site->settle();
		$this->site->cron();
		$this->assertAllAgree( count( self::DESKS ) );
	}

	public function testTwoPagesPutATicketIntoTheOutboxAtTheSameMoment(): void {
		$id = $this->ticket( 'awesome-support' );
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		for ( $time = 1; $time <= 3; $time++ ) {
			$pages   = [];
			$meeting = Step::meet( bin2hex( random_bytes( 8 ) ), 4 );
			for ( $page = 1; $page <= 4; $page++ ) {
				$pages[] = $this->site->acting( [ $meeting, Step::change( 'awesome-support', 'assign', $id, Step::AGENTS[ $page % 3 ] ) ] );
			}
			Http::all( $pages );
		}
		$this->site->settle();
		self::assertSame( [ $id ], array_column( $this->outbox(), 'ticket_id' ) );
		$this->site->configure( [] );
		$this->site->cron();
		$this->assertAllAgree( 1 );
	}

	/** What a page puts into the outbox while it is being replayed stays until it is replayed. */
	public function testAChangeThatComesDuringItsReplayIsNotLost(): void {
		$id = $this->ticket( 'awesome-support' );
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		$this->site->act( Step::change( 'awesome-support', 'assign', $id, Step::AGENTS[0] ) );
		$this->site->settle();
		$server = new FaultyServer();
		$this->site->configure( [ 'TICKET_METADATA_URL' => $server->url( 'service-held-once' ) ] );
		$this->site->visit( '?make-cron-due' );
		$this->site->visit( 'wp-cron.php?doing_wp_cron' );
		self::until( static fn(): bool => count( self::batches( $server ) ) === 1, 'the replay has sent what it read' );
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		$this->site->act( Step::change( 'awesome-support', 'assign', $id, Step::AGENTS[1] ) );
		self::until( fn(): bool => (int) $this->outbox()[0]['revision'] === 2, 'the change of the page is in the outbox' );
		$server->letGo();
		$this->site->settle();
		$this->site->configure( [] );
		$this->site->cron();
		$this->assertAllAgree( 1 );
	}

	public function testTwoReplaysAtATimeAreOne(): void {
		$this->ticket( 'awesome-support' );
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		$this->site->act( Step::create( 'awesome-support', 'Waits' ) );
		$this->site->settle();
		$server = new FaultyServer();
		$this->site->configure( [ 'TICKET_METADATA_URL' => $server->url( 'service-held-once' ) ] );
		$this->site->visit( '?make-cron-due' );
		$this->site->visit( 'wp-cron.php?doing_wp_cron' );
		self::until( static fn(): bool => count( self::batches( $server ) ) === 1, 'the first replay is at it' );
		$result = $this->site->replay();
		self::assertTrue( $result['isBusy'] );
		self::assertCount( 1, self::batches( $server ) );
		$server->letGo();
		$this->site->settle();
		$this->assertAllAgree( 2 );
	}
}
