<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;

final class AutoloadTest extends TestCase {

	public function testAClassThatDoesNotExistIsAskedForWithoutAWarning(): void {
		self::assertFalse( class_exists( 'TicketMetadata\\Nothing' ) );
		self::assertFalse( class_exists( 'TicketMetadata\\Nowhere\\Nothing' ) );
	}

	public function testAnErrorInAClassIsNotHidden(): void {
		$file = dirname( __DIR__, 2 ) . '/ticket-metadata/src/Unparsable' . getmypid() . '.php';
		file_put_contents( $file, '<?php class {' );
		try {
			$this->expectException( \ParseError::class );
			class_exists( 'TicketMetadata\\Unparsable' . getmypid() );
		} finally {
			unlink( $file );
		}
	}
}
