<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\HttpReader;

final class HttpReaderTest extends TestCase {

	private const BYTES_MAX = 100;

	private static function read( string $bytes, int $size ): HttpReader {
		$reader = new HttpReader( self::BYTES_MAX );
		foreach ( str_split( $bytes, $size ) as $some ) {
			if ( ! $reader->isDone() ) {
				$reader->add( $some );
			}
		}
		return $reader;
	}

	/** @return array<string, array{string, int, string}> */
	public function answers(): array {
		return [
			'a length'                  => [ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 'hello' ],
			'a length of nothing'       => [ "HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n", 201, '' ],
			'a status without a reason' => [ "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", 404, 'no' ],
			'no body'                   => [ "HTTP/1.1 204 No Content\r\n\r\n", 204, '' ],
			'chunks'                    => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n", 200, 'hello' ],
			'a line in a chunk'         => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n1\r\n!\r\n0\r\n\r\n", 200, "\r\n\r\n!" ],
			'interim answers'           => [ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 'x' ],
		];
	}

	/** @dataProvider answers */
	public function testAnAnswerIsReadHoweverItsBytesCome( string $bytes, int $status, string $text ): void {
		foreach ( [ 1, 2, 3, 7, 1000 ] as $size ) {
			$reader = self::read( $bytes, $size );
			self::assertTrue( $reader->isComplete, "$size bytes at a time" );
			self::assertFalse( $reader->isMalformed );
			self::assertSame( [ $status, $text ], [ $reader->status, $reader->text ] );
		}
		self::assertTrue( $reader->mayKeep() );
	}

	public function testHeadersAreByNamesInLowerCase(): void {
		$reader = self::read( "HTTP/1.1 100 Continue\r\nInterim: 1\r\n\r\nHTTP/1.1 503 No\r\nRetry-After:  2 \r\nEmpty:\r\nContent-Length: 0\r\n\r\n", 1000 );
		self::assertSame( [ 'retry-after' => '2', 'empty' => '', 'content-length' => '0' ], $reader->headers );
	}

	/** @return array<string, array{string}> */
	public function unkept(): array {
		return [
			'it says so'             => [ "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx" ],
			'HTTP/1.0'               => [ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx" ],
			'more than the answer'   => [ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP" ],
			'trailers'               => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n" ],
			'the last line to come'  => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" ],
		];
	}

	/** @dataProvider unkept */
	public function testAConnectionIsNotKept( string $bytes ): void {
		$reader = self::read( $bytes, 1000 );
		self::assertSame( [ true, 'x' ], [ $reader->isComplete, $reader->text ] );
		self::assertFalse( $reader->mayKeep() );
	}

	public function testTheEndOfTheConnectionEndsABodyWithoutALength(): void {
		$reader = self::read( "HTTP/1.1 200 OK\r\n\r\nhello", 1000 );
		self::assertFalse( $reader->isDone() );
		$reader->end( false );
		self::assertSame( [ true, false, 'hello' ], [ $reader->isComplete, $reader->mayKeep(), $reader->text ] );
	}

	/** @return array<string, array{string, bool}> */
	public function unfinished(): array {
		return [
			'nothing'               => [ '', false ],
			'half a head'           => [ "HTTP/1.1 200 OK\r\nContent-Le", false ],
			'an interim answer'     => [ "HTTP/1.1 100 Continue\r\n\r\n", false ],
			'half a body'           => [ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", false ],
			'chunks without an end' => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", false ],
			'no length, in no time' => [ "HTTP/1.1 200 OK\r\n\r\nhello", true ],
		];
	}

	/** @dataProvider unfinished */
	public function testWhatEndsTooEarlyIsNoAnswer( string $bytes, bool $isTooLate ): void {
		$reader = self::read( $bytes, 1000 );
		$reader->end( $isTooLate );
		self::assertFalse( $reader->isComplete );
	}

	/** @return array<string, array{string}> */
	public function malformed(): array {
		return [
			'another protocol'  => [ '+OK' ],
			'another version'   => [ "HTTP/2 200\r\n\r\n" ],
			'no status'         => [ "HTTP/1.1 OK\r\n\r\n" ],
			'a length that is none'  => [ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" ],
			'an unknown coding' => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" ],
			'a chunk without a size' => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n" ],
			'a size without an end'  => [ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" . str_repeat( '1', 2000 ) ],
		];
	}

	/** @dataProvider malformed */
	public function testWhatIsNotHttpIsRecognized( string $bytes ): void {
		foreach ( [ 1, 1000 ] as $size ) {
			$reader = self::read( $bytes, $size );
			self::assertTrue( $reader->isMalformed, "$size bytes at a time" );
			self::assertFalse( $reader->isComplete );
		}
	}

	public function testLittleIsTakenOfALongText(): void {
		$reader = self::read( "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" . str_repeat( 'x', 101 ), 1000 );
		self::assertTrue( $reader->isTooLong() );
		self::assertFalse( $reader->mayKeep() && ! $reader->isTooLong() );
	}

	public function testLittleIsTakenOfLongHeaders(): void {
		$line = 'A: ' . str_repeat( 'b', 1000 ) . "\r\n";
		self::assertTrue( self::read( "HTTP/1.1 200 OK\r\n" . str_repeat( $line, 70 ), 5000 )->hasTooManyHeaders() );
		self::assertTrue( self::read( str_repeat( "HTTP/1.1 100 Continue\r\n$line\r\n", 70 ), 5000 )->hasTooManyHeaders(), 'interim answers count' );
	}
}
