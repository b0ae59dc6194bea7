<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\SettingsForm;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;

/** In a network, the network's key goes only to an address of the network's. */
final class NetworkKeyTest extends PluginTestCase {

	private const KEY = 'tms_the_key';

	/** @return iterable<string, array{string, string, string, bool}> who set the key, the address and the file of authorities, and whether the key may be sent */
	public function combinations(): iterable {
		foreach ( [ 'constant', 'network', 'site', 'nobody' ] as $key ) {
			foreach ( [ 'constant', 'network', 'site', 'nobody' ] as $url ) {
				foreach ( [ 'constant', 'network', 'site', 'nobody' ] as $file ) {
					$isOfNetwork = in_array( $key, [ 'constant', 'network' ], true );
					yield "key: $key, address: $url, authorities: $file" => [ $key, $url, $file, ! $isOfNetwork || ( $url !== 'site' && $file !== 'site' ) ];
				}
			}
		}
	}

	/**
	 * @dataProvider combinations
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testAKeyGoesNoFurtherThanWhoSetIt( string $key, string $url, string $file, bool $isSent ): void {
		\Site::$isNetwork = true;
		$this->set( [ 'url' => $url, 'ca_file' => $file, 'key' => $key ] );
		$config = new Config();
		$answer = Client::fromConfig( $config, 20000 )->get( 7 );
		if ( ! $isSent ) {
			self::assertFailed( 'misconfigured', $answer );
			self::assertSame( [], $this->server->seen() );
			self::assertStringContainsString( "The key is the network's", implode( $config->problems() ), 'what Site Health shows' );
			self::assertSame( $url === 'nobody' ? Config::byDefault( 'url' ) : $this->server->url( 'good' ), $config->value( 'url' ), 'what the settings page shows' );
			return;
		}
		self::assertSame( [], $config->problems() );
		self::assertNotSame( '', $config->url() );
		if ( $url === 'site' ) {
			self::assertFailed( 'blocked', $answer );
			self::assertSame( [], $this->server->seen(), 'the server of the tests has a private address' );
		} elseif ( $url !== 'nobody' ) {
			self::assertSame( 200, $answer->status, $answer->detail() );
			self::assertSame( $key === 'nobody' ? null : 'Bearer ' . self::KEY, $this->server->seen()[0]['headers']['authorization'] ?? null );
		}
	}

	/**
	 * Stores each setting as the one who sets it would.
	 *
	 * @param array<string, string> $by constant, network, site or nobody
	 */
	private function set( array $by ): void {
		$values = [ 'url' => $this->server->url( 'good' ), 'ca_file' => __FILE__, 'key' => self::KEY ];
		$of     = static fn( string $who ): array => array_intersect_key( $values, array_filter( $by, static fn( string $one ): bool => $one === $who ) );
		// A site's administrator did it before there was a constant.
		$this->configure( $of( 'site' ) );
		foreach ( $of( 'constant' ) as $name => $value ) {
			define( Config::constant( $name ), $value );
		}
		$network       = $of( 'network' );
		\Site::$rights = [ 'manage_options', 'manage_network_options' ];
		foreach ( array_intersect_key( $network, [ 'url' => 1, 'ca_file' => 1 ] ) as $name => $value ) {
			// Only what this one set: the form approves both.
			\TicketMetadata\Approvals::set( 1, $name, $value );
			$this->configure( [ $name => $value ] + \Site::$options[ Config::OPTION ] );
		}
		if ( isset( $network['key'] ) ) {
			$this->configure( SettingsForm::read( [ 'new_key' => $network['key'] ] ) );
		}
		\Site::$rights = [ 'manage_options' ];
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testTheNetworksAdministratorApprovesByTheForm(): void {
		define( 'TICKET_METADATA_KEY', self::KEY );
		\Site::$isNetwork = true;
		\Site::$rights    = [ 'manage_options', 'manage_network_options' ];
		$stored           = [ 'url' => 'https://stored.example' ];
		$this->configure( $stored );
		$this->configure( SettingsForm::read( [ 'new_key' => '', 'approve_address' => '0', 'timeout_ms' => '90' ] + $stored ) );
		self::assertSame( '', ( new Config() )->url(), 'a form that was sent for something else approves nothing' );
		$this->configure( SettingsForm::read( [ 'new_key' => '', 'approve_address' => '1' ] + $stored ) );
		self::assertSame( 'https://stored.example', ( new Config() )->url() );
		$this->configure( [ 'url' => 'https://other.example' ] );
		self::assertSame( '', ( new Config() )->url(), 'another address is not approved' );
		$this->configure( $stored );
		$this->configure( SettingsForm::read( [ 'new_key' => '', 'approve_address' => '0' ] + $stored ) );
		self::assertSame( '', ( new Config() )->url(), 'it can be taken back' );
	}

	public function testASitesAdministratorApprovesNothing(): void {
		\Site::$isNetwork = true;
		\Site::$rights    = [ 'manage_options' ];
		$this->configure( SettingsForm::read( [ 'new_key' => self::KEY, 'approve_address' => '1', 'url' => 'https://own.example' ] ) );
		self::assertSame( [], \Site::$networkOptions );
		self::assertTrue( ( new Config() )->isOfSite( 'url' ) );
	}

	public function testAKeyThatTheNetworksAdministratorEnteredKeepsItsAddress(): void {
		\Site::$isNetwork = true;
		\Site::$rights    = [ 'manage_options', 'manage_network_options' ];
		$this->configure( SettingsForm::read( [ 'new_key' => self::KEY, 'approve_address' => '1', 'url' => 'https://right.example' ] ) );
		\Site::$rights = [ 'manage_options' ];
		self::assertSame( 'https://right.example', SettingsForm::read( [ 'new_key' => '', 'url' => 'https://own.example' ] )['url'] );
		$this->configure( [ 'url' => 'https://own.example' ] + \Site::$options[ Config::OPTION ] );
		self::assertSame( '', ( new Config() )->url(), 'however it was stored' );
		$this->configure( SettingsForm::read( [ 'new_key' => 'tms_own', 'url' => 'https://right.example' ] ) );
		self::assertTrue( SettingsForm::mayChange( 'url' ), 'a key of its own goes where the site likes' );
	}

	public function testAnApprovalIsOfOneSite(): void {
		\Site::$isNetwork = true;
		\TicketMetadata\Approvals::set( 2, 'url', 'https://own.example' );
		self::assertTrue( $this->configure( [ 'url' => 'https://own.example' ] )->isOfSite( 'url' ) );
	}

	public function testASiteThatIsAloneAsksNobody(): void {
		$answer = $this->clientOf( 'good', [ 'key' => self::KEY ] )->get( 7 );
		self::assertSame( 200, $answer->status, $answer->detail() );
		self::assertFalse( ( new Config() )->isOfSite( 'url' ) );
	}
}
