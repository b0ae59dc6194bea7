<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Config;

/** Settings > Ticket Metadata. */
final class SettingsPage {

	public const SLUG = 'ticket-metadata';

	/** The id of the page's screen in WordPress. */
	public const SCREEN = 'settings_page_ticket-metadata';

	private const GROUP = 'ticket_metadata';

	public static function add(): void {
		$hook = add_options_page( __( 'Ticket Metadata', 'ticket-metadata' ), __( 'Ticket Metadata', 'ticket-metadata' ), 'manage_options', self::SLUG, [ self::class, 'show' ] );
		if ( $hook !== false ) {
			add_action( "load-$hook", [ ConnectionTest::class, 'runIfAsked' ] );
		}
	}

	public static function register(): void {
		register_setting(
			self::GROUP,
			Config::OPTION,
			[
				'type'              => 'array',
				'sanitize_callback' => [ SettingsForm::class, 'read' ],
				'show_in_rest'      => false,
			]
		);
		Config::forgetLocked();
		SettingsFields::add( self::SLUG );
	}

	public static function show(): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		echo '<div class="wrap"><h1>' . esc_html__( 'Ticket Metadata', 'ticket-metadata' ) . '</h1>';
		ConnectionTest::show();
		echo '<form method="post" action="options.php">';
		settings_fields( self::GROUP );
		do_settings_sections( self::SLUG );
		submit_button();
		echo '</form></div>';
	}

	/**
	 * @param mixed $links the plugin's links in the list of plugins
	 * @return string[]
	 */
	public static function addLink( $links ): array {
		$link = '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'ticket-metadata' ) . '</a>';
		return array_merge( [ $link ], is_array( $links ) ? $links : [] );
	}

	public static function url(): string {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}
}
