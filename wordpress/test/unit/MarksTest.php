<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Changes\Marks;

/** What changed in a PHP request. */
final class MarksTest extends TestCase {

	public function testATicketIsMarkedOnceAndStaysNew(): void {
		$marks = new Marks();
		$marks->mark( 'desk', 7, true );
		$marks->mark( 'desk', 7 );
		$marks->mark( 'desk', 8 );
		$marks->mark( 'other', 7 );
		self::assertSame( [ 1 ], $marks->blogs() );
		self::assertSame( [ 'desk' => [ 7 => true, 8 => false ], 'other' => [ 7 => false ] ], $marks->takeTickets( 1 ) );
		self::assertTrue( $marks->isEmpty() );
	}

	public function testTheLastValueOfAFieldCounts(): void {
		$marks = new Marks();
		$marks->defer( 7, [ 'status' => 'open', 'priority' => 'high', 'custom_fields' => [ 'a' => 1, 'b' => 2 ] ] );
		$marks->defer( 7, [ 'priority' => null, 'custom_fields' => [ 'b' => null ] ] );
		self::assertFalse( $marks->isEmpty() );
		self::assertSame( [ 7 => [ 'status' => 'open', 'priority' => null, 'custom_fields' => [ 'a' => 1, 'b' => null ] ] ], $marks->takeFields( 1 ) );
		self::assertTrue( $marks->isEmpty() );
	}
}
