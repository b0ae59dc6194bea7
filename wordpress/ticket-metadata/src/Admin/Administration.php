<?php
namespace TicketMetadata\Admin;

/** The hooks of the administration, in reading order. Each class is loaded only when it is needed. */
final class Administration {

	public static function listen(): void {
		// Settings > Ticket Metadata.
		add_action( 'admin_menu', [ SettingsPage::class, 'add' ] );
		add_action( 'admin_init', [ SettingsPage::class, 'register' ] );
		add_filter( 'plugin_action_links_ticket-metadata/ticket-metadata.php', [ SettingsPage::class, 'addLink' ] );

		// Tools > Site Health.
		add_filter( 'site_status_tests', [ SiteHealth::class, 'add' ] );
		add_action( 'rest_api_init', [ SiteHealth::class, 'addRoutes' ] );
		add_filter( 'debug_information', [ DebugInformation::class, 'add' ] );

		// Problems that should be seen without opening Site Health.
		add_action( 'admin_notices', [ OutboxNotice::class, 'show' ] );

		// The dashboard.
		add_action( 'wp_dashboard_setup', [ Widget::class, 'add' ] );

		// Privacy: the suggested policy text, the exporter and the eraser.
		add_action( 'admin_init', [ PrivacyPolicy::class, 'suggest' ] );
		add_filter( 'wp_privacy_personal_data_exporters', [ PrivacyExporter::class, 'add' ] );
		// Before the help desks' own erasers, which may take away what tells whose tickets are whose.
		add_filter( 'wp_privacy_personal_data_erasers', [ PrivacyEraser::class, 'add' ], PHP_INT_MAX );
	}
}
