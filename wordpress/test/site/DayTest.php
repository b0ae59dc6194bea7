<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** A day's worth of work on three help desks, by several PHP processes, on a day on which much goes wrong. */
final class DayTest extends SiteTestCase {

	private const PAGES_AT_A_TIME = 5;

	/** By round: what happens to the servers while pages are being made. */
	private const EVENTS = [
		8  => 'service-killed',
		14 => 'service-back',
		18 => 'redis-unavailable',
		22 => 'redis-back',
		26 => 'service-stopped',
		29 => 'service-back',
	];

	private const ROUNDS = 34;

	/** At these WP-Cron comes. */
	private const CRON_EVERY = 6;

	private const STATUSES = [
		'awesome-support' => [ 'queued', 'processing', 'hold' ],
		'supportcandy'    => [ '1', '2', '3' ],
		'kb-support'      => [ 'new', 'open', 'hold' ],
	];

	/** @var array<string, int[]> */
	private array $tickets = [ 'awesome-support' => [], 'supportcandy' => [], 'kb-support' => [] ];

	private int $steps = 0;

	public function testAtItsEndAllAgree(): void {
		// The same day each time; what runs at a time is another matter.
		mt_srand( 20261123 );
		for ( $round = 1; $round <= self::ROUNDS; $round++ ) {
			$this->round( self::EVENTS[ $round ] ?? null );
			if ( $round % self::CRON_EVERY === 0 ) {
				$this->site->cron();
			}
		}
		$this->site->settle();
		$this->site->cron();
		self::assertGreaterThan( 300, $this->steps );
		$this->assertAllAgree( array_sum( array_map( 'count', $this->tickets ) ) );
	}

	private function round( ?string $event ): void {
		$calls = $event === null ? [] : [ 'event' => [ 'url' => getenv( 'FAULTS_URL' ) . "/order/$event" ] ];
		$desks = [];
		for ( $number = 1; $number <= self::PAGES_AT_A_TIME; $number++ ) {
			$desk                   = self::DESKS[ mt_rand( 0, 2 ) ];
			$desks[ "page $number" ] = $desk;
			$calls[ "page $number" ] = $this->site->acting( $this->page( $desk ) );
		}
		$pages = Http::all( $calls );
		foreach ( $pages as $name => $page ) {
			self::assertSame( 200, $page->status, $page->body );
		}
		foreach ( $desks as $name => $desk ) {
			$this->tickets[ $desk ] = array_merge( $this->tickets[ $desk ], $pages[ $name ]->created() );
		}
	}

	/** @return array[] one to three steps on a ticket, or a new one and something with it */
	private function page( string $desk ): array {
		$count = mt_rand( 1, 3 );
		$isNew = $this->tickets[ $desk ] === [] || mt_rand( 1, 3 ) === 1;
		$steps = $isNew ? [ Step::create( $desk, "Number $this->steps", Step::CUSTOMERS[ mt_rand( 0, 1 ) ] ) ] : [];
		while ( count( $steps ) < $count ) {
			$steps[] = $this->change( $desk, $isNew ? null : $this->tickets[ $desk ][ mt_rand( 0, count( $this->tickets[ $desk ] ) - 1 ) ] );
		}
		$this->steps += count( $steps );
		return $steps;
	}

	private function change( string $desk, ?int $ticket ): array {
		$changes = [
			[ 'assign', Step::AGENTS[ mt_rand( 0, 2 ) ] ],
			[ 'status', self::STATUSES[ $desk ][ mt_rand( 0, 2 ) ] ],
			[ 'close' ],
			[ 'close' ],
			[ 'reopen' ],
			[ 'category', [ 'Orders', 'Shipping', 'Returns' ][ mt_rand( 0, 2 ) ] ],
			[ 'priority', [ 'Low', 'High' ][ mt_rand( 0, 1 ) ] ],
		];
		return Step::change( $desk, ...$this->arguments( $changes[ mt_rand( 0, count( $changes ) - 1 ) ], $ticket ) );
	}

	private function arguments( array $change, ?int $ticket ): array {
		return [ $change[0], $ticket, $change[1] ?? null ];
	}
}
