<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Checks\Checks;
use TicketMetadata\Checks\Finding;

/** The button that asks the service for everything, with the settings as they are saved. It changes nothing. */
final class ConnectionTest {

	private const ACTION = 'ticket_metadata_test';

	/** Another one than that of the form for the settings, which stands on the same page. */
	private const NONCE = 'ticket_metadata_nonce';

	/** @var Finding[]|null null: nobody pressed it */
	private static ?array $findings = null;

	/** Before anything of the page is sent, so that a refusal is one. */
	public static function runIfAsked(): void {
		self::$findings = null;
		if ( ! isset( $_POST[ self::ACTION ] ) ) {
			return;
		}
		check_admin_referer( self::ACTION, self::NONCE );
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do this.', 'ticket-metadata' ), '', 403 );
		}
		self::$findings = Checks::patient()->all();
	}

	public static function show(): void {
		if ( self::$findings !== null ) {
			Findings::show( self::$findings );
		}
		echo '<form method="post" action="' . esc_url( SettingsPage::url() ) . '">';
		wp_nonce_field( self::ACTION, self::NONCE, false );
		echo '<p>';
		submit_button( __( 'Test connection', 'ticket-metadata' ), 'secondary', self::ACTION, false );
		echo ' <span class="description">' . esc_html__( 'Tests the settings as they are saved. It changes nothing.', 'ticket-metadata' ) . '</span></p></form>';
	}
}
