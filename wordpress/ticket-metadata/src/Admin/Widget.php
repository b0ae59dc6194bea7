<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Bridges\LinksTickets;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Config;
use TicketMetadata\Text;

/** The dashboard widget: how many tickets there are, by status, and the oldest open ones. From the service, without a query to the site's database. */
final class Widget {

	private const ID = 'ticket_metadata_tickets';

	private const SUBJECT_LENGTH_MAX = 80;

	public static function add(): void {
		/**
		 * Filters the capability that the dashboard widget needs. It shows subjects of tickets.
		 *
		 * @param string $capability
		 */
		$capability = apply_filters( 'ticket_metadata_widget_capability', 'manage_options' );
		// The service has the tickets of all sites of a network together.
		if ( is_string( $capability ) && current_user_can( $capability ) && ! is_multisite() && ! ( new Config() )->isDisabled() ) {
			wp_add_dashboard_widget( self::ID, __( 'Tickets', 'ticket-metadata' ), [ self::class, 'show' ] );
		}
	}

	public static function show(): void {
		try {
			$board = Board::ofPage();
			$error = $board->error();
			if ( $error !== '' ) {
				echo '<p>' . esc_html( $error ) . '</p>';
				return;
			}
			self::showCounts( $board );
			self::showOldest( $board->oldest() );
		} catch ( \Throwable $error ) {
			// A bug in a bridge or in another plugin's filter must not end the dashboard.
			echo '<p>' . esc_html( __( 'The tickets cannot be shown:', 'ticket-metadata' ) . ' ' . $error->getMessage() ) . '</p>';
		}
	}

	private static function showCounts( Board $board ): void {
		$counts = $board->counts();
		if ( $counts === null ) {
			echo '<p>' . esc_html__( 'The service did not count the tickets in time.', 'ticket-metadata' ) . '</p>';
			return;
		}
		echo '<ul class="ticket-metadata-counts">';
		foreach ( $counts as $status => $count ) {
			$number = '<strong>' . esc_html( number_format_i18n( $count ) ) . '</strong>';
			/* translators: 1: a number of tickets, 2: their status */
			echo '<li>' . wp_kses( sprintf( __( '%1$s %2$s', 'ticket-metadata' ), $number, esc_html( Text::line( (string) $status, self::SUBJECT_LENGTH_MAX ) ) ), [ 'strong' => [] ] ) . '</li>';
		}
		echo '</ul>';
	}

	/** @param array[] $tickets */
	private static function showOldest( array $tickets ): void {
		if ( $tickets === [] ) {
			echo '<p>' . esc_html__( 'No ticket is open.', 'ticket-metadata' ) . '</p>';
			return;
		}
		$bridges = Bridges::active();
		echo '<h3>' . esc_html__( 'The oldest open tickets', 'ticket-metadata' ) . '</h3><ul>';
		foreach ( $tickets as $ticket ) {
			printf(
				'<li>%1$s (%2$s)</li>',
				self::title( $ticket, $bridges ),
				/* translators: 1: a ticket's status, 2: a time, such as "5 minutes" */
				esc_html( sprintf( __( '%1$s, opened %2$s ago', 'ticket-metadata' ), Text::line( $ticket['status'] ?? '', self::SUBJECT_LENGTH_MAX ), human_time_diff( $ticket['created_at'] ?? time() ) ) )
			);
		}
		echo '</ul>';
	}

	/**
	 * @param array<string, Bridge> $bridges
	 * @return string HTML
	 */
	private static function title( array $ticket, array $bridges ): string {
		// Help desks store subjects with entities.
		$subject       = Text::line( html_entity_decode( $ticket['subject'] ?? '', ENT_QUOTES, 'UTF-8' ), self::SUBJECT_LENGTH_MAX );
		[ $slug, $id ] = TicketIds::inHelpDesk( $ticket['ticket_id'] ) ?? [ '', $ticket['ticket_id'] ];
		$title         = trim( "#$id $subject" );
		$bridge        = $bridges[ $slug ] ?? null;
		return $bridge instanceof LinksTickets ? '<a href="' . esc_url( $bridge->editUrl( $id ) ) . '">' . esc_html( $title ) . '</a>' : esc_html( $title );
	}
}
