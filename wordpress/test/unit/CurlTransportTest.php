<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\CurlTransport;
use TicketMetadata\Client\Request;

final class CurlTransportTest extends TransportTestCase {

	public function testOtherProtocolsAreNotSpoken(): void {
		$config = $this->configure( [] );
		// No setting lets such an address through: here it is put past them.
		$values = new \ReflectionProperty( $config, 'values' );
		$values->setAccessible( true );
		$values->setValue( $config, [ 'url' => 'file://' . __DIR__ ] + $values->getValue( $config ) );
		$answer = ( new CurlTransport( $config ) )->send( new Request( 'GET', '/bootstrap.php' ), 1000 );
		self::assertFailed( 'bad_answer', $answer );
		self::assertMatchesRegularExpression( '/protocol/i', $answer->detail() );
	}

	public function testAnUnknownAuthorityIsNotTrusted(): void {
		$answer = $this->clientBy( null, [ 'url' => str_replace( 'http:', 'https:', $this->server->url( 'good' ) ), 'ca_file' => '/nowhere/ca.pem' ] )->get( 7 );
		self::assertFailed( 'network_error', $answer );
		self::assertStringContainsString( '/nowhere/ca.pem', $answer->detail(), 'the file of the settings is the one that is asked' );
	}
}
