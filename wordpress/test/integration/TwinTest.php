<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;

/**
 * Two tickets live through the same random events, one with write combining and one without. Values, actions with their
 * arguments, results and rows must be the same. `TWIN_SEED=n TWIN_STEPS=n` repeats what failed.
 */
final class TwinTest extends TestCase {

	private const SEEDS = [ 1, 2, 3, 4 ];

	private const STEPS = 1000;

	/** Steps until the end of a page, at which the tickets are compared. */
	private const PAGE_MAX = 40;

	protected function setUp(): void {
		register_post_type( Twin::COMBINED );
		register_post_type( Twin::PLAIN );
	}

	protected function tearDown(): void {
		unregister_post_type( Twin::COMBINED );
		unregister_post_type( Twin::PLAIN );
	}

	public function seeds(): array {
		$seed = getenv( 'TWIN_SEED' );
		return array_map( static fn( int $seed ): array => [ $seed ], $seed === false ? self::SEEDS : [ (int) $seed ] );
	}

	/** @dataProvider seeds */
	public function testTheTwinsAreTheSame( int $seed ): void {
		$events   = new TwinEvents( $seed );
		$combined = new Twin( Twin::COMBINED );
		$plain    = new Twin( Twin::PLAIN );
		$steps    = (int) ( getenv( 'TWIN_STEPS' ) ?: self::STEPS );
		$saved    = 0;
		$atLeast  = $steps / 10;
		while ( $steps > 0 ) {
			$page   = $events->page( min( $steps, $events->number( self::PAGE_MAX ) ) );
			$steps -= count( $page );
			$seen   = [ $combined->live( $page ), $plain->live( $page ) ];
			foreach ( $page as $i => $event ) {
				self::assertSame( $seen[1][ $i ], $seen[0][ $i ], "seed $seed, $steps steps before the end: " . wp_json_encode( array_slice( $page, 0, $i + 1 ), JSON_PARTIAL_OUTPUT_ON_ERROR ) );
			}
			self::assertSame( $plain->rows(), $combined->rows(), "rows, seed $seed, $steps steps before the end: " . wp_json_encode( $page, JSON_PARTIAL_OUTPUT_ON_ERROR ) );
			$saved += $combined->avoided();
		}
		self::assertGreaterThan( $atLeast, $saved, 'statements that were combined' );
		$combined->delete();
		$plain->delete();
	}
}
