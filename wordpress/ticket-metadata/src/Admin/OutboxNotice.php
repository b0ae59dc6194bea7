<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Checks\Finding;
use TicketMetadata\Checks\SiteChecks;
use TicketMetadata\Config;

/** Tells those who run the site that tickets wait, on the pages where they look for such things. */
final class OutboxNotice {

	/** So many wait for a moment when many tickets change at a time. */
	private const WAITING_MAX = 100;

	private const SCREENS = [ 'dashboard', 'plugins', SettingsPage::SCREEN ];

	public static function show(): void {
		// Some plugins show the notices where there is no screen.
		$screen = function_exists( 'get_current_screen' ) ? get_current_screen() : null;
		if ( $screen === null || ! in_array( $screen->id, self::SCREENS, true ) || ! current_user_can( 'manage_options' ) ) {
			return;
		}
		$config   = new Config();
		$settings = SiteChecks::settings( $config );
		if ( $settings->isCritical() ) {
			self::showFinding( $settings );
			return;
		}
		try {
			$outbox = new Outbox();
			if ( $outbox->isQuiet() ) {
				return;
			}
			$finding = SiteChecks::outbox( $config );
			if ( $finding->state !== Finding::GOOD || $outbox->depth() > self::WAITING_MAX ) {
				self::showFinding( $finding );
			}
			if ( $screen->id === 'plugins' && $outbox->oldestAt() !== null ) {
				self::showBeforeDeactivation();
			}
		} catch ( \Throwable $error ) {
			self::showFinding( Finding::critical( 'outbox', __( 'Tickets that wait cannot be looked at', 'ticket-metadata' ), $error->getMessage() ) );
		}
	}

	private static function showFinding( Finding $finding ): void {
		printf(
			'<div class="notice notice-%1$s"><p><strong>%2$s</strong> %3$s <a href="%4$s">%5$s</a></p></div>',
			$finding->isCritical() ? 'error' : 'warning',
			esc_html( $finding->headline . '.' ),
			esc_html( $finding->detail ),
			esc_url( SettingsPage::url() ),
			esc_html__( 'Settings of Ticket Metadata', 'ticket-metadata' )
		);
	}

	private static function showBeforeDeactivation(): void {
		echo '<div class="notice notice-info"><p>' . esc_html__( 'Tickets wait for the ticket-metadata service. If you deactivate Ticket Metadata, they wait until it is active again. If you delete it, what waits is lost to the service; "wp ticket-metadata backfill" would bring the tickets to it again.', 'ticket-metadata' ) . '</p></div>';
	}
}
