<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\CurlTransport;
use TicketMetadata\Client\Destination;
use TicketMetadata\Client\PublicAddress;
use TicketMetadata\Client\Request;
use TicketMetadata\Client\WordPressTransport;
use TicketMetadata\Config;

/** A site of a network has nothing private called. */
final class DestinationTest extends PluginTestCase {

	/** @return array<string, array{string}> what stands for 127.0.0.1 or another address of the machine */
	public function privateHosts(): array {
		$hosts = [
			'127.0.0.1', '127.0.0.2', '127.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '0177.0.0.1', '017700000001', '0.0.0.0', '0', 'localhost', 'LOCALHOST', 'localhost.',
			'[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[fe80::1%25lo]',
			'%6c%6fcalhost', "\u{24DB}ocalhost", '127.0.0.1%00.example', 'localhost%20', '1.1.1.1@localhost', '1.1.1.1:80@localhost', '1.1.1.1\\@localhost', 'localhost\\.example',
			'169.254.169.254', '10.0.0.1', '192.168.1.1', '[fd00:ec2::254]', 'no-such-name.invalid', str_repeat( 'a', 300 ),
		];
		return array_combine( $hosts, array_map( static fn( string $host ): array => [ $host ], $hosts ) );
	}

	/** @dataProvider privateHosts */
	public function testNothingIsSentThere( string $host ): void {
		\Site::$isNetwork = true;
		$client           = $this->clientBy( null, [ 'url' => str_replace( '127.0.0.1', $host, $this->server->url( 'good' ) ) ] );
		foreach ( [ $client->get( 7 ), $client->health(), $client->batch( [] ) ] as $answer ) {
			self::assertContains( $answer->code, [ 'blocked', 'misconfigured' ], $answer->detail() );
			self::assertSame( 0, $answer->status );
		}
		self::assertSame( [], $this->server->seen() );
	}

	/** @dataProvider privateHosts */
	public function testNorByWordPress( string $host ): void {
		\Site::$isNetwork = true;
		$config           = $this->configure( [ 'url' => str_replace( '127.0.0.1', $host, $this->server->url( 'good' ) ) ] );
		if ( $config->url() === '' ) {
			self::assertNotSame( [], $config->problems() );
			return;
		}
		// There is no wp_remote_request() here that could be called.
		self::assertFailed( 'blocked', ( new WordPressTransport( $config ) )->send( new Request( 'GET', '/tickets/7' ), 1000 ) );
	}

	public function testThePortZeroIsNone(): void {
		\Site::$isNetwork = true;
		self::assertFailed( 'blocked', $this->clientBy( null, [ 'url' => 'http://8.8.8.8:0' ] )->get( 7 ) );
	}

	public function testTheNetworksOwnAddressMayBePrivate(): void {
		\Site::$isNetwork = true;
		\TicketMetadata\Approvals::set( 1, 'url', $this->server->url( 'good' ) );
		self::assertSame( 200, $this->clientOf( 'good' )->get( 7 )->status );
	}

	public function testThatOfASiteThatIsAloneToo(): void {
		self::assertSame( 200, $this->clientOf( 'good' )->get( 7 )->status );
		self::assertSame( 200, $this->clientBy( null, [ 'url' => str_replace( '127.0.0.1', 'localhost', $this->server->url( 'good' ) ) ] )->get( 7 )->status );
	}

	/** @return string the address of the server of the tests under a name */
	private function named( string $name ): string {
		return str_replace( '127.0.0.1', $name, $this->server->url( 'good' ) );
	}

	/** A name that is public when it is checked, and another address whenever it is asked again. */
	public function testANameIsAskedOnce(): void {
		\Site::$isNetwork = true;
		$config           = $this->configure( [ 'url' => $this->named( 'rebinding.example' ), 'connect_timeout_ms' => 20000 ] );
		$asked            = 0;
		$resolve          = static function () use ( &$asked ): array {
			return ++$asked === 1 ? [ '127.0.0.1' ] : [ '169.254.169.254' ];
		};
		$transport = new CurlTransport( $config, new Destination( $config, $resolve, static fn( string $ip ): bool => $ip === '127.0.0.1' ) );
		for ( $i = 0; $i < 3; $i++ ) {
			// cURL itself could not resolve the name.
			$answer = $transport->send( new Request( 'GET', '/tickets/7' ), 20000 );
			self::assertSame( 200, $answer->status, $answer->detail() );
		}
		self::assertSame( 1, $asked );
		self::assertStringStartsWith( 'rebinding.example', $this->server->seen()[0]['headers']['host'] );
	}

	public function testANameWithOnePrivateAddressIsPrivate(): void {
		\Site::$isNetwork = true;
		$config           = $this->configure( [ 'url' => $this->named( 'both.example' ) ] );
		self::assertNotNull( ( new Destination( $config, static fn(): array => [ '8.8.8.8', '10.0.0.1' ] ) )->refusal() );
		$destination = new Destination( $config, static fn(): array => [ '2606:4700::1111' ] );
		self::assertSame( [ null, '[2606:4700::1111]' ], [ $destination->refusal(), $destination->pinned() ] );
	}

	public function testBehindAProxyANameCannotBeChecked(): void {
		\Site::$isNetwork = true;
		$resolve          = static fn(): array => [ '8.8.8.8' ];
		self::assertNotNull( ( new Destination( $this->configure( [ 'url' => 'http://tickets.example' ] ), $resolve ) )->refusal( true ) );
		self::assertNull( ( new Destination( $this->configure( [ 'url' => 'http://8.8.8.8' ] ), $resolve ) )->refusal( true ) );
	}

	public function testTheRefusalDoesNotSayWhatANameResolvesTo(): void {
		\Site::$isNetwork = true;
		$config           = $this->configure( [ 'url' => 'http://intranet.example' ] );
		$there            = ( new Destination( $config, static fn(): array => [ '10.1.2.3' ] ) )->refusal();
		$nowhere          = ( new Destination( $config, static fn(): array => [] ) )->refusal();
		self::assertSame( $there->detail(), $nowhere->detail() );
		self::assertStringNotContainsString( '10.1', $there->detail() );
	}

	public function testARedirectLeadsNowhere(): void {
		foreach ( [ 'redirect', 'file-redirect', 'private-redirect' ] as $behaviour ) {
			self::assertFailed( 'bad_answer', $this->clientOf( $behaviour )->get( 7 ) );
		}
		self::assertCount( 3, $this->server->seen() );
	}

	/** @return array<string, array{string, bool}> */
	public function addresses(): array {
		$private = [
			'0.0.0.0', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.255.255.254', '168.63.129.16', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192',
			'192.0.2.1', '192.168.0.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
			'::', '::1', '::ffff:8.8.8.8', '64:ff9b::808:808', '100::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'ff02::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '4000::1',
			'', '8.8.8', '8.8.8.8.', '08.8.8.8', '0x8.8.8.8', ' 8.8.8.8', "8.8.8.8\n", '[2606:4700::1111]', '8.8.8.8/32',
		];
		$public = [ '1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.1', '192.0.1.1', '223.255.255.255', '2606:4700::1111', '2a00::1', '2001:4860::8888' ];
		$cases  = [];
		foreach ( [ [ $private, false ], [ $public, true ] ] as [ $all, $isPublic ] ) {
			foreach ( $all as $ip ) {
				$cases[ "'$ip'" ] = [ $ip, $isPublic ];
			}
		}
		return $cases;
	}

	/** @dataProvider addresses */
	public function testWhatIsPublic( string $ip, bool $isPublic ): void {
		self::assertSame( $isPublic, PublicAddress::is( $ip ) );
	}
}
