<?php
namespace TicketMetadata\Admin;

/** What a site's privacy policy may say, where WordPress suggests its text. */
final class PrivacyPolicy {

	public static function suggest(): void {
		wp_add_privacy_policy_content( __( 'Ticket Metadata', 'ticket-metadata' ), wp_kses_post( self::text() ) );
	}

	private static function text(): string {
		return '<p class="privacy-policy-tutorial">' . __( 'Ticket Metadata sends what it knows of support tickets to the ticket-metadata service that you, or somebody for you, operates. Say where that is, and for how long it keeps the data: tickets in its database stay there when they are deleted on the site, where they are marked as closed and deleted.', 'ticket-metadata' ) . '</p>'
			. '<p><strong class="privacy-policy-tutorial">' . __( 'Suggested text:', 'ticket-metadata' ) . ' </strong>'
			. __( 'When you open a support ticket, we send its number, your customer number, its subject, status, category and priority, who works on it, and its dates to our ticket service, and again when they change. What you write in the ticket, your e-mail address and your name are not sent. While the service cannot be reached, a note of which tickets changed is kept on this site.', 'ticket-metadata' ) . '</p>';
	}
}
