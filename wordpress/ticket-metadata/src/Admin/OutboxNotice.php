<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Checks\Finding;
use TicketMetadata\Checks\SiteChecks;
use TicketMetadata\Config;

/** A notice for administrators about tickets in the outbox, on the pages where they look for problems. */
final class OutboxNotice {

	/** Fewer wait for a moment whenever many tickets change at the same time. */
	private const WAITING_MAX = 100;

	private const SCREENS = [ 'dashboard', 'plugins', SettingsPage::SCREEN ];

	public static function show(): void {
		// Some plugins show notices where there is no screen.
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
			if ( ! Outbox::mayHold() ) {
				return;
			}
			$outbox  = new Outbox();
			$finding = SiteChecks::outbox( $config );
			if ( $finding->state !== Finding::GOOD || $outbox->depth() > self::WAITING_MAX ) {
				self::showFinding( $finding );
			}
			if ( $screen->id === 'plugins' && $outbox->oldestAt() !== null ) {
				self::showBeforeDeactivation();
			}
		} catch ( \Throwable $error ) {
			self::showFinding( Finding::critical( 'outbox', __( 'The outbox of Ticket Metadata cannot be read', 'ticket-metadata' ), $error->getMessage() ) );
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
		echo '<div class="notice notice-info"><p>' . esc_html__( 'Tickets are waiting in the outbox of Ticket Metadata. If you deactivate the plugin, they wait until it is active again. If you delete it, the outbox is deleted too, and only "wp ticket-metadata backfill" of a new installation sends the tickets again.', 'ticket-metadata' ) . '</p></div>';
	}
}
