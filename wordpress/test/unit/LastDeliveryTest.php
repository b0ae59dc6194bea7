<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Changes\LastDelivery;

/** When a ticket was last delivered. */
final class LastDeliveryTest extends TestCase {

	public function testItIsNotedOnceAMinute(): void {
		$state    = new MemoryState();
		$delivery = new LastDelivery( $state );
		self::assertNull( $delivery->at() );
		$delivery->note();
		$delivery->note();
		self::assertSame( 1, $state->writes );
		self::assertEqualsWithDelta( time(), $delivery->at(), 60 );

		$state->set( 'delivered_at', time() - 60, 100 );
		$delivery->note();
		self::assertGreaterThan( time() - 60, $delivery->at() );
	}

	public function testWhileEverythingIsDeliveredOnceAnHour(): void {
		$state = new MemoryState();
		$state->set( 'outbox', 0, 100 );
		$state->set( 'delivered_at', time() - 3500, 100 );
		( new LastDelivery( $state ) )->note();
		self::assertSame( 2, $state->writes );
		$state->set( 'delivered_at', time() - 3600, 100 );
		( new LastDelivery( $state ) )->note();
		self::assertSame( 4, $state->writes );
	}
}
