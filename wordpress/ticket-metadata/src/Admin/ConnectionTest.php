<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Checks\Checks;
use TicketMetadata\Checks\Finding;

/** The button that runs all checks with the saved settings. It changes nothing. */
final class ConnectionTest {

	private const ACTION = 'ticket_metadata_test';

	/** Not the nonce of the settings form, which is on the same page. */
	private const NONCE = 'ticket_metadata_nonce';

	/** @var Finding[]|null null: the button was not pressed */
	private static ?array $findings = null;

	/** Runs before any output, so that a refusal can set the HTTP status. */
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
