<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\SettingsPage;
use TicketMetadata\Config;

/** The administration, as its administrator sees it. */
abstract class AdminTestCase extends SiteTestCase {

	protected function setUp(): void {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		parent::setUp();
		wp_set_current_user( 1 );
		$GLOBALS['wp_settings_errors'] = [];
		$this->hook(
			'wp_die_handler',
			static function (): callable {
				return static function ( $message, $title, $arguments ): void {
					throw new \RuntimeException( wp_strip_all_tags( $message ), (int) ( $arguments['response'] ?? 0 ) );
				};
			}
		);
	}

	protected function tearDown(): void {
		wp_set_current_user( 0 );
		unset( $GLOBALS['current_screen'] );
		$_POST    = [];
		$_REQUEST = [];
		parent::tearDown();
	}

	/** Some user who may not manage the site. */
	protected static function becomeSubscriber(): void {
		$user = get_user_by( 'login', 'reader' );
		wp_set_current_user( $user ? $user->ID : wp_insert_user( [ 'user_login' => 'reader', 'user_pass' => wp_generate_password(), 'role' => 'subscriber' ] ) );
	}

	/** @param callable(): void $show */
	protected static function shown( callable $show ): string {
		ob_start();
		try {
			$show();
		} finally {
			$page = ob_get_clean();
		}
		return $page;
	}

	/** What the form of the settings page does, as WordPress's options.php does it. */
	protected static function save( array $form ): void {
		self::send( $form + [ 'new_key' => '' ] );
	}

	/** What someone sends who made a form of his own. */
	protected static function send( array $form ): void {
		SettingsPage::register();
		try {
			update_option( Config::OPTION, $form );
		} finally {
			unregister_setting( 'ticket_metadata', Config::OPTION );
		}
	}

	/** @return string[] what the page says of the settings that were sent */
	protected static function complaints(): array {
		return array_column( get_settings_errors( Config::OPTION ), 'message' );
	}

	protected static function stored(): array {
		global $wpdb;
		// Past all caches.
		return (array) maybe_unserialize( $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", Config::OPTION ) ) );
	}
}
