<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** Hooks pass a ticket in different forms, which vary between versions and plugins. */
final class HookArgument {

	/**
	 * @param mixed $value An id (also as text), a ticket with ->id, or a thread of SupportCandy with ->ticket.
	 * @return int Below 1 if there is none, for example when the help desk's insert failed.
	 */
	public static function ticketId( $value ): int {
		try {
			// Not $value->ticket: SupportCandy would read the ticket for it.
			$value = $value instanceof \WPSC_Thread ? $value->to_array()['ticket'] ?? 0 : $value;
			// Not isset(): SupportCandy's tickets have __get() but no __isset().
			$id = is_object( $value ) ? $value->id ?? 0 : $value;
		} catch ( \Throwable $error ) {
			// A bug in another plugin must not end the page here.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
			return 0;
		}
		// true would be 1.
		return is_int( $id ) || is_string( $id ) ? (int) filter_var( $id, FILTER_VALIDATE_INT ) : 0;
	}
}
