<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** A network of sites, for all of which the plugin is activated at once. The third came after that. */
final class NetworkTest extends SiteTestCase {

	private const SITES = [ 1 => '/', 2 => '/second/', 3 => '/third/' ];

	/** @var array<int, Site> */
	private array $sites;

	protected function setUp(): void {
		parent::setUp();
		$firstId = Database::newIds();
		foreach ( self::SITES as $number => $path ) {
			$this->sites[ $number ] = Site::ofNetwork( $path );
			$this->database->forget( self::prefix( $number ) );
			// So that each has the same ids.
			$this->database->beginAt( $firstId, self::prefix( $number ) );
			$this->useService( $number, getenv( 'SERVICE_URL' ) );
		}
	}

	protected function tearDown(): void {
		parent::tearDown();
		$this->sites[1]->configure( [] );
	}

	private static function prefix( int $number ): string {
		return getenv( 'NETWORK_TABLE_PREFIX' ) . ( $number === 1 ? '' : "{$number}_" );
	}

	private static function inService( int $site, string $desk, int $id ): int {
		return ( $site === 1 ? 0 : $site * 1000000000000 ) + self::ticketId( $desk, $id );
	}

	/** As its settings page does. */
	private function useService( int $site, string $url ): void {
		$page = $this->sites[ $site ]->act( [ 'do' => 'use-service', 'url' => $url ] );
		self::assertSame( 200, $page->status, $page->body );
	}

	public function testTheSameIdsOfTwoSitesAreTwoTickets(): void {
		$ids = [];
		foreach ( self::DESKS as $desk ) {
			foreach ( $this->sites as $number => $site ) {
				$ids[ $desk ][ $number ] = $site->act( Step::create( $desk, "$desk of site $number" ) )->created()[0];
			}
			self::assertCount( 1, array_unique( $ids[ $desk ] ), 'each site counts for itself' );
		}
		$this->site->settle();
		foreach ( self::DESKS as $desk ) {
			foreach ( array_keys( $this->sites ) as $number ) {
				$ticketId = self::inService( $number, $desk, $ids[ $desk ][ $number ] );
				$ticket   = Service::tickets( [ $ticketId ] )[ $ticketId ] ?? null;
				self::assertSame( "$desk of site $number", $ticket['subject'] ?? null );
			}
		}
	}

	public function testEachSiteHasAnOutboxOfItsOwn(): void {
		$this->useService( 2, getenv( 'NOBODY_URL' ) );
		$this->useService( 3, getenv( 'NOBODY_URL' ) );
		$created = [];
		foreach ( $this->sites as $number => $site ) {
			$created[ $number ] = $site->act( ...array_fill( 0, $number, Step::create( 'awesome-support', "Of site $number" ) ) )->created();
		}
		$this->site->settle();
		foreach ( array_keys( $this->sites ) as $number ) {
			$waiting = $this->database->outbox( self::prefix( $number ) );
			self::assertSame( $number === 1 ? [] : $created[ $number ], array_column( $waiting, 'ticket_id' ) );
		}
		$this->useService( 2, getenv( 'SERVICE_URL' ) );
		$this->useService( 3, getenv( 'SERVICE_URL' ) );
		$this->sites[2]->cron();
		self::assertSame( [], $this->database->outbox( self::prefix( 2 ) ) );
		self::assertCount( 3, $this->database->outbox( self::prefix( 3 ) ), 'each has a cron of its own, too' );
		$this->sites[3]->cron();
		self::assertSame( [], $this->database->outbox( self::prefix( 3 ) ) );
		foreach ( $created as $number => $ids ) {
			$ids = array_map( static fn( int $id ): int => self::inService( $number, 'awesome-support', $id ), $ids );
			self::assertSame( array_fill_keys( $ids, "Of site $number" ), array_column( Service::tickets( $ids ), 'subject', 'ticket_id' ) );
		}
	}

	public function testEachSiteHasSettingsOfItsOwn(): void {
		$servers = [];
		foreach ( $this->sites as $number => $site ) {
			$servers[ $number ] = new FaultyServer();
			$this->useService( $number, $servers[ $number ]->url( 'service' ) );
		}
		$this->sites[2]->act( Step::create( 'awesome-support', 'Of the second' ) );
		$this->site->settle();
		self::assertSame( [ 0, 1, 0 ], array_map( static fn( FaultyServer $server ): int => count( $server->seen() ), array_values( $servers ) ) );
	}

	public function testASiteFindsItsOwnTickets(): void {
		$ids = [];
		foreach ( $this->sites as $number => $site ) {
			$ids[ $number ] = $site->act( Step::create( 'awesome-support', "Of site $number" ) )->created()[0];
		}
		$this->site->settle();
		self::assertCount( 1, array_unique( $ids ) );
		foreach ( $this->sites as $number => $site ) {
			$found = $site->command( 'find', [ 'created_since' => (string) ( time() - 60 ), 'format' => 'json', 'fields' => 'ticket_id,subject' ] );
			self::assertSame( 0, $found['code'], implode( "\n", $found['said'] ) );
			self::assertSame( [ "Of site $number" ], array_column( array_filter( array_map( static fn( string $line ): array => json_decode( $line, true ), $found['said'] ), static fn( array $row ): bool => $row[0] === $ids[ $number ] ), 1 ) );
		}
		$counts = $this->sites[2]->command( 'counts', [] );
		self::assertSame( 1, $counts['code'] );
		self::assertStringContainsString( 'not_supported', implode( "\n", $counts['said'] ) );
	}

	public function testACommandSaysOfWhichSiteItWas(): void {
		$id = $this->sites[2]->act( Step::create( 'awesome-support', 'Of the second' ) )->created()[0];
		$this->site->settle();
		$backfill = $this->sites[2]->command( 'backfill', [ 'bridge' => 'awesome-support' ] );
		self::assertSame( 0, $backfill['code'], implode( "\n", $backfill['said'] ) );
		$this->useService( 2, 'ftp://nowhere' );
		$backfill = $this->sites[2]->command( 'backfill', [ 'bridge' => 'awesome-support', 'after' => (string) ( $id - 1 ) ] );
		self::assertStringContainsString( 'backfill --url=http://' . getenv( 'NETWORK_HOST' ) . '/second --bridge=awesome-support --after=' . ( $id - 1 ), implode( "\n", $backfill['said'] ) );
	}

	/** A plugin of the network may work on the tickets of another site, and may forget to come back. */
	public function testWhatAPageChangesOnAnotherSiteIsThatSites(): void {
		$ids = [];
		foreach ( $this->sites as $number => $site ) {
			$ids[ $number ] = $site->act( Step::create( 'awesome-support', "Of site $number" ) )->created()[0];
		}
		$this->site->settle();
		$this->sites[1]->act(
			Step::change( 'awesome-support', 'assign', $ids[1], Step::AGENTS[0] ),
			[ 'do' => 'go-to-site', 'site' => 2 ],
			Step::change( 'awesome-support', 'assign', $ids[2], Step::AGENTS[1] ),
			[ 'do' => 'come-back' ],
			[ 'do' => 'go-to-site', 'site' => 3 ],
			Step::change( 'awesome-support', 'assign', $ids[3], Step::AGENTS[2] )
		);
		$this->site->settle();
		foreach ( $ids as $number => $id ) {
			$ticketId = self::inService( $number, 'awesome-support', $id );
			self::assertSame( Step::AGENTS[ $number - 1 ], Service::tickets( [ $ticketId ] )[ $ticketId ]['assigned_to'] );
		}
	}
}
