<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\SameText;
use TicketMetadata\Combining\Scope;

/** What of write combining needs no WordPress. */
final class CombiningTest extends TestCase {

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testACommandWritesAtOnce(): void {
		define( 'WP_CLI', true );
		Combining::start( new Scope( [ 'ticket' ], [] ) );
		self::assertTrue( Combining::writesAtOnce() );
	}

	public function testTextThatADatabaseMayTakeForTheSame(): void {
		foreach ( [ [ 'a', 'A' ], [ 'a', 'a ' ], [ 'a', 'ä' ], [ 'ß', 'ss' ], [ 'a', "a\x01" ] ] as [ $one, $other ] ) {
			self::assertTrue( SameText::isUnclear( $one, $other ), "$one $other" );
		}
		foreach ( [ [ 'a', 'a' ], [ 'a', 'b' ], [ 'ä', 'ä' ], [ 'a', ' a' ], [ 'a', '' ] ] as [ $one, $other ] ) {
			self::assertFalse( SameText::isUnclear( $one, $other ), "$one $other" );
		}
	}
}
