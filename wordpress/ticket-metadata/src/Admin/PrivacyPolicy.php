<?php
namespace TicketMetadata\Admin;

/** The text that WordPress suggests for a site's privacy policy. */
final class PrivacyPolicy {

	public static function suggest(): void {
		wp_add_privacy_policy_content( __( 'Ticket Metadata', 'ticket-metadata' ), wp_kses_post( self::text() ) );
	}

	private static function text(): string {
		return '<p class="privacy-policy-tutorial">' . __( 'Ticket Metadata sends metadata of support tickets to the ticket-metadata service, which you operate yourself or have operated for you. Say where the service runs and how long it keeps the data: when a ticket is deleted for good on the site, or personal data are erased, the service deletes it, too. Its backups and logs keep it until they expire.', 'ticket-metadata' ) . '</p>'
			. '<p><strong class="privacy-policy-tutorial">' . __( 'Suggested text:', 'ticket-metadata' ) . ' </strong>'
			. __( 'When you open a support ticket, we send its number, your customer number, its subject, status, category, priority and channel, who works on it, and its dates to our ticket service, and again when they change. What you write in the ticket, your e-mail address and your name are not sent. While the service cannot be reached, a note of which tickets changed is kept on this site.', 'ticket-metadata' ) . '</p>';
	}
}
