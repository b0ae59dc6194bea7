<?php
namespace TicketMetadata\Test;

use TicketMetadata\Checks\CombiningCheck;
use TicketMetadata\Combining\Scope;
use TicketMetadata\Combining\Statistics;

/** What combining saves is counted and shown. */
final class CombiningStatisticsTest extends CombiningTestCase {

	public function testTheSavingIsShown(): void {
		$check = CombiningCheck::of( new Scope( [ 'ticket' ], [] ), [ '2026-11-29' => [ 'made' => 1200, 'avoided' => 2300 ] ] );
		self::assertSame( 'good', $check->state );
		self::assertStringContainsString( '2026-11-29: 1,200 statements in the place of 3,500.', $check->detail );
		self::assertStringContainsString( 'estimates', $check->detail );
		self::assertSame( 'recommended', CombiningCheck::of( new Scope( [], [] ), [] )->state );
	}

	public function testOnePageOfSomeStoresWhatItSaves(): void {
		$stored = 0;
		for ( $i = 0; $i < 400; $i++ ) {
			Statistics::replaced();
			Statistics::replaced();
			Statistics::made();
			Statistics::store();
		}
		$day = Statistics::days()[ gmdate( 'Y-m-d' ) ];
		self::assertSame( $day['made'], $day['avoided'] );
		// It would be outside once in millions of runs.
		self::assertThat( $day['made'], self::logicalAnd( self::greaterThan( 0 ), self::lessThan( 2000 ) ) );
		wp_using_ext_object_cache( true );
		Statistics::made();
		Statistics::store();
		Statistics::made();
		Statistics::store();
		$days = Statistics::days();
		wp_using_ext_object_cache( false );
		self::assertSame( [ gmdate( 'Y-m-d' ) => [ 'made' => 2, 'avoided' => 0 ] ], $days );
	}
}
