<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\SettingsForm;

/** In a network, wp-config.php is the network's, and a site's administrator is not. */
final class SettingsOfNetworkTest extends PluginTestCase {

	private const STORED = [ 'url' => 'https://right.example', 'ca_file' => '/etc/ca.pem' ];

	private const SENT = [ 'url' => 'https://own.example', 'ca_file' => '/tmp/own.pem', 'timeout_ms' => 90 ];

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testASiteCannotSendTheNetworksKeyElsewhere(): void {
		define( 'TICKET_METADATA_KEY', 'tms_of_the_network' );
		\Site::$isNetwork = true;
		\Site::$rights    = [ 'manage_options' ];
		$this->configure( self::STORED );
		self::assertSame( self::STORED + [ 'timeout_ms' => 90 ], self::sorted( SettingsForm::read( self::SENT ) ) );
		self::assertSame( self::STORED + [ 'timeout_ms' => 90 ], self::sorted( SettingsForm::read( self::SENT + [ 'new_key' => '' ] ) ) );
		\Site::$rights = [ 'manage_options', 'manage_network_options' ];
		self::assertSame( self::SENT, self::sorted( SettingsForm::read( self::SENT ) ) );
		\Site::$isNetwork = false;
		\Site::$rights    = [ 'manage_options' ];
		self::assertSame( self::SENT, self::sorted( SettingsForm::read( self::SENT ) ), 'a site that is alone' );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testWhatAConstantSaysIsNotTaken(): void {
		define( 'TICKET_METADATA_KEY', 'tms_of_the_network' );
		\Site::$rights = [ 'manage_options' ];
		$this->configure( [ 'key' => 'tms_old' ] );
		self::assertSame( [ 'timeout_ms' => 90 ], SettingsForm::read( [ 'new_key' => 'tms_own', 'timeout_ms' => 90 ] ) );
		self::assertSame( [ 'timeout_ms' => 90 ], SettingsForm::read( [ 'key' => 'tms_own', 'timeout_ms' => 90 ] ) );
	}

	public function testAKeyOfItsOwnItMaySendWhereItLikes(): void {
		\Site::$isNetwork = true;
		$this->configure( self::STORED + [ 'key' => 'tms_own' ] );
		self::assertSame( 'https://own.example', SettingsForm::read( self::SENT + [ 'new_key' => '' ] )['url'] );
	}

	private static function sorted( array $option ): array {
		return array_merge( array_flip( [ 'url', 'ca_file', 'timeout_ms' ] ), $option );
	}
}
