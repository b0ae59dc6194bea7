<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** A help desk's hooks give the ticket as they like, and not the same way in each version; other plugins fire them too. */
final class HookArgument {

	/**
	 * @param mixed $value An id, as text too, a ticket with ->id, or a thread of SupportCandy with ->ticket.
	 * @return int Below 1 where there is none, as when the help desk's own insert failed.
	 */
	public static function ticketId( $value ): int {
		try {
			$value = $value instanceof \WPSC_Thread ? $value->ticket : $value;
			// Not by isset(), which finds nothing in the tickets of SupportCandy: they have __get() and no __isset().
			$id = is_object( $value ) ? $value->id ?? 0 : $value;
		} catch ( \Throwable $error ) {
			// Another plugin's mistake must not end the page from here.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
			return 0;
		}
		// true would be 1.
		return is_int( $id ) || is_string( $id ) ? (int) filter_var( $id, FILTER_VALIDATE_INT ) : 0;
	}
}
