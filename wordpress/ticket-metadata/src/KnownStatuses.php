<?php
namespace TicketMetadata;

/** Which statuses of the service mean that a ticket is open, as far as this site knows it without a query. */
final class KnownStatuses {

	/** What the bridges have by default. */
	private const ALWAYS = [ 'open', 'pending', 'on-hold' ];

	/** The service's TICKET_CLOSED_STATUSES by default. */
	private const CLOSED = [ 'resolved', 'closed' ];

	/** @return string[] */
	public static function open(): array {
		$statuses = array_values( array_unique( array_merge( self::ALWAYS, array_values( ( new Config() )->statusMap() ) ) ) );
		/**
		 * Filters the statuses that the dashboard widget lists as open.
		 *
		 * @param string[] $statuses of the service
		 */
		$filtered = apply_filters( 'ticket_metadata_open_statuses', array_values( array_diff( $statuses, self::CLOSED ) ) );
		return is_array( $filtered ) ? array_values( array_filter( $filtered, 'is_string' ) ) : $statuses;
	}
}
