<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\SettingsPage;
use TicketMetadata\Config;

/** The settings page on a site whose wp-config.php sets the key. */
final class SettingsTest extends AdminTestCase {

	private const HOSTILE = '"><script>alert(1)</script>';

	private static function page(): string {
		SettingsPage::register();
		try {
			return self::shown( [ SettingsPage::class, 'show' ] );
		} finally {
			unregister_setting( 'ticket_metadata', Config::OPTION );
		}
	}

	public function testItStandsUnderSettings(): void {
		global $submenu, $admin_page_hooks;
		// As wp-admin/menu.php says.
		$admin_page_hooks['options-general.php'] = 'settings';
		SettingsPage::add();
		$entries = array_column( $submenu['options-general.php'] ?? [], 1, 2 );
		self::assertSame( 'manage_options', $entries[ SettingsPage::SLUG ] );
		self::assertSame( SettingsPage::SCREEN, get_plugin_page_hookname( SettingsPage::SLUG, 'options-general.php' ) );
	}

	public function testTheAdministrationListensToWordPress(): void {
		foreach ( [ 'admin_menu', 'admin_init', 'site_status_tests', 'rest_api_init', 'debug_information', 'admin_notices', 'wp_privacy_personal_data_exporters' ] as $name ) {
			$listeners = array_merge( ...array_values( $GLOBALS['wp_filter'][ $name ]->callbacks ) );
			$ours      = array_filter(
				array_column( $listeners, 'function' ),
				static fn( $listener ): bool => is_array( $listener ) && is_string( $listener[0] ) && strpos( $listener[0], 'TicketMetadata\\Admin\\' ) === 0
			);
			self::assertNotSame( [], $ours, $name );
			foreach ( $ours as $listener ) {
				self::assertIsCallable( $listener );
			}
		}
	}

	public function testWhatIsSavedIsStoredAsWhatItIs(): void {
		self::save( [ 'url' => ' https://tickets.example/ ', 'disabled' => '0', 'connect_timeout_ms' => '50', 'timeout_ms' => '90', 'outbox_max' => '7', 'ca_file' => '/etc/ca.pem' ] );
		self::assertSame( [], self::complaints() );
		self::assertSame(
			[ 'url' => 'https://tickets.example', 'disabled' => false, 'connect_timeout_ms' => 50, 'timeout_ms' => 90, 'outbox_max' => 7, 'ca_file' => '/etc/ca.pem' ],
			self::stored()
		);
	}

	public function testTheFirstTimeToo(): void {
		// WordPress reads it twice then.
		delete_option( Config::OPTION );
		self::save( [ 'url' => 'https://tickets.example', 'timeout_ms' => 'soon', 'statuses' => [ 'desk%3Awaiting' => 'pending' ] ] );
		self::assertSame( [ 'url' => 'https://tickets.example', 'status_map' => [ 'desk:waiting' => 'pending' ] ], self::stored() );
		self::assertCount( 1, self::complaints() );
	}

	/** @return array<string, array{string, mixed, string}> */
	public function unusable(): array {
		return [
			'no address'         => [ 'url', 'tickets.example', 'Address of the service' ],
			'an empty address'   => [ 'url', '', 'Address of the service' ],
			'a hostile address'  => [ 'url', 'javascript:alert(1)', 'Address of the service' ],
			'no number'          => [ 'timeout_ms', self::HOSTILE, 'Request timeout' ],
			'too small'          => [ 'outbox_max', '0', 'Outbox limit in tickets' ],
			'two lines'          => [ 'ca_file', "/etc\n/ca.pem", 'Certificate authority file' ],
			'a list'             => [ 'connect_timeout_ms', [ '1' ], 'Connect timeout' ],
		];
	}

	/**
	 * @dataProvider unusable
	 * @param mixed $value
	 */
	public function testWhatCannotBeUsedIsNamedAndStaysAsItWas( string $name, $value, string $label ): void {
		$before = [ 'url' => 'https://tickets.example', 'connect_timeout_ms' => 5, 'timeout_ms' => 6, 'outbox_max' => 7, 'ca_file' => '/etc/old.pem' ];
		self::save( $before );
		self::save( [ $name => $value, 'disabled' => '1' ] + $before );
		self::assertEquals( $before + [ 'disabled' => true ], self::stored() );
		self::assertCount( 1, self::complaints() );
		self::assertStringContainsString( $label, self::complaints()[0] );
		self::assertStringNotContainsString( '<script', self::complaints()[0] );
	}

	public function testWhatTheFormDoesNotSayStays(): void {
		delete_option( Config::OPTION );
		self::save( [ 'url' => 'https://tickets.example', 'timeout_ms' => '90' ] );
		self::save( [ 'timeout_ms' => '95' ] );
		self::assertSame( [ 'url' => 'https://tickets.example', 'timeout_ms' => 95 ], self::stored() );
	}

	public function testOtherCodeStoresWhatItSays(): void {
		self::save( [ 'url' => 'https://tickets.example', 'timeout_ms' => '90' ] );
		self::send( [ 'url' => 'https://other.example' ] );
		self::assertSame( [ 'url' => 'https://other.example' ], self::stored() );
	}

	public function testAFileOfAuthoritiesCanBeTakenBack(): void {
		self::save( [ 'ca_file' => '/etc/ca.pem' ] );
		self::save( [ 'ca_file' => '' ] );
		self::assertSame( [], array_intersect_key( self::stored(), [ 'ca_file' => 1 ] ) );
	}

	public function testStatusesAreMappedByHelpDesk(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'status_map' => [ 'gone:old' => 'resolved', 'open' => 'pending', 'desk:closed' => 'resolved' ] ] );
		self::save( [ 'statuses' => [ 'desk%3Awaiting' => ' on-hold ', 'desk%3Aclosed' => '', 'other%3Athing' => 'open' ] ] );
		self::assertSame( [ 'gone:old' => 'resolved', 'open' => 'pending', 'desk:waiting' => 'on-hold' ], ( new Config() )->statusMap(), 'what no help desk has is not taken, and what is not shown stays' );
		$page = self::page();
		self::assertMatchesRegularExpression( '/name="ticket_metadata\[statuses\]\[desk%3Awaiting\]" value="on-hold"/', $page );
		self::assertMatchesRegularExpression( '/name="ticket_metadata\[statuses\]\[desk%3Aopen\]" value="" placeholder="pending"/', $page, 'a status that is mapped for all counts' );
		self::assertMatchesRegularExpression( '/name="ticket_metadata\[statuses\]\[desk%3Aclosed\]" value="" placeholder="closed"/', $page );
	}

	public function testAStatusThatIsTooLongIsNamed(): void {
		self::save( [ 'statuses' => [ 'desk%3Awaiting' => str_repeat( 'x', 65 ), 'desk%3Aopen' => "two\nlines", 'desk%3Aclosed' => [ 'a list' ] ] ] );
		self::assertSame( [], ( new Config() )->statusMap() );
		self::assertCount( 2, self::complaints() );
		self::assertStringContainsString( 'desk:waiting', implode( self::complaints() ) );
	}

	public function testWhatIsSaidOfAHostileStatusIsNoMarkup(): void {
		$this->desk->statuses = [ self::HOSTILE => [ 'label' => 'A', 'default' => 'open' ] ];
		self::save( [ 'statuses' => [ 'desk%3A' . rawurlencode( self::HOSTILE ) => "two\nlines" ] ] );
		self::assertStringContainsString( '&lt;script', self::complaints()[0] );
		self::assertStringNotContainsString( '<script', self::complaints()[0] );
	}

	public function testStatusesWithStrangeNamesSurviveTheForm(): void {
		$strange = 'a]b[c"d';
		$this->desk->statuses = [ $strange => [ 'label' => self::HOSTILE, 'default' => 'open' ] ];
		preg_match( '/name="ticket_metadata\[statuses\]\[([^]]+)\]"/', self::page(), $found );
		parse_str( 'x[statuses][' . rawurlencode( $found[1] ) . ']=closed', $sent );
		self::save( $sent['x'] );
		self::assertSame( [ "desk:$strange" => 'closed' ], ( new Config() )->statusMap() );
	}

	public function testNothingThatIsStoredBecomesMarkup(): void {
		$this->desk->statuses = [ 'a' => [ 'label' => self::HOSTILE, 'default' => self::HOSTILE ] ];
		update_option( Config::OPTION, [ 'url' => self::HOSTILE, 'ca_file' => self::HOSTILE, 'status_map' => [ 'desk:a' => self::HOSTILE ] ] );
		$page = self::page();
		self::assertStringNotContainsString( '<script', $page );
		self::assertStringContainsString( '&lt;script', $page );
	}

	public function testWhatAConstantSetsIsShownAndNotAsked(): void {
		$page = self::page();
		self::assertStringContainsString( 'Set in wp-config.php as TICKET_METADATA_KEY.', $page );
		self::assertStringNotContainsString( 'TICKET_METADATA_URL', $page );
		self::assertStringNotContainsString( getenv( 'SERVICE_KEY' ), $page );
		self::assertStringNotContainsString( 'type="password"', $page );
	}

	public function testAKeyThatIsSentAllTheSameIsNotStored(): void {
		self::save( [ 'new_key' => 'from-form', 'key' => 'too', 'timeout_ms' => '90' ] );
		self::assertSame( 90, self::stored()['timeout_ms'] );
		self::assertArrayNotHasKey( 'key', self::stored() );
		self::assertSame( getenv( 'SERVICE_KEY' ), ( new Config() )->key() );
	}

	public function testAKeyThatWasStoredBeforeThereWasAConstantIsRemoved(): void {
		global $wpdb;
		$wpdb->update( $wpdb->options, [ 'option_value' => serialize( [ 'key' => 'old', 'timeout_ms' => 90 ] ) ], [ 'option_name' => Config::OPTION ] );
		wp_cache_delete( Config::OPTION, 'options' );
		wp_cache_delete( 'alloptions', 'options' );
		self::page();
		self::assertSame( [ 'timeout_ms' => 90 ], self::stored() );
	}

	public function testTheFormIsWordPresss(): void {
		$page = self::page();
		self::assertStringContainsString( '<form method="post" action="options.php">', $page );
		self::assertStringContainsString( "name='option_page' value='ticket_metadata'", $page );
		self::assertMatchesRegularExpression( '/name="_wpnonce" value="' . wp_create_nonce( 'ticket_metadata-options' ) . '"/', $page );
	}

	public function testWhoMayNotManageTheSiteSeesNothing(): void {
		self::becomeSubscriber();
		self::assertSame( '', self::page() );
	}

	public function testABridgesMistakeLeavesTheRestOfThePage(): void {
		$this->desk->statuses = null;
		$page                 = self::page();
		self::assertStringContainsString( 'The desk has no statuses', $page );
		self::assertStringContainsString( 'ticket_metadata[outbox_max]', $page );
		self::save( [ 'timeout_ms' => '90', 'statuses' => [ 'desk%3Aopen' => 'open' ] ] );
		self::assertSame( 90, self::stored()['timeout_ms'] );
	}
}
