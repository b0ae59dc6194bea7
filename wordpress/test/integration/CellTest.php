<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Bridges\Cell;

/** What the tables of help desks hold where they hold nothing. */
final class CellTest extends TestCase {

	/** @return array<string, array{mixed}> */
	public function noDates(): array {
		return [
			'NULL'       => [ null ],
			'empty'      => [ '' ],
			'zeros'      => [ '0000-00-00 00:00:00' ],
			'no day'     => [ '2026-00-00 00:00:00 ' ],
			'before 1970' => [ '1969-12-31 00:00:00' ],
			'text'       => [ 'yesterday' ],
		];
	}

	/** @dataProvider noDates */
	public function testNoDate( $value ): void {
		self::assertSame( [ null, null ], [ Cell::utc( $value ), Cell::local( $value ) ] );
	}

	public function testADate(): void {
		self::assertSame( 1768471200, Cell::utc( '2026-01-15 10:00:00' ) );
		update_option( 'timezone_string', '' );
		update_option( 'gmt_offset', 5.5 );
		self::assertSame( 1768471200, Cell::local( '2026-01-15 15:30:00' ) );
		update_option( 'gmt_offset', 0 );
	}

	public function testIdsAndTexts(): void {
		self::assertSame( [ 7, null, null, null ], [ Cell::id( '7' ), Cell::id( '0' ), Cell::id( '-7' ), Cell::id( null ) ] );
		self::assertSame( [ '0', null, null ], [ Cell::text( '0' ), Cell::text( '' ), Cell::text( null ) ] );
	}
}
