<?php
namespace TicketMetadata\Changes;

/**
 * The customers whom this site had erased in the service, and when. What the help desk still has of them is not sent again: not from
 * the outbox, not by a comparison, and not when the service's tombstones have expired.
 */
final class Erased {

	/** Times in Unix seconds by the service's customer id. Autoloaded, so that no page has to ask for it. */
	public const OPTION = 'ticket_metadata_erased';

	/** @param int $customer the service's id */
	public static function add( int $customer ): void {
		update_option( self::OPTION, [ $customer => time() ] + self::all(), true );
	}

	/** @param array $fields of a ticket, as the service takes them. A ticket that was opened later is a new one */
	public static function covers( array $fields ): bool {
		$at = self::all()[ $fields['customer_id'] ?? 0 ] ?? null;
		return is_int( $at ) && ( $fields['created_at'] ?? 0 ) <= $at;
	}

	/** @return array<int, int> */
	private static function all(): array {
		// get_option() would ask the database for an option that is not there.
		$all = maybe_unserialize( wp_load_alloptions()[ self::OPTION ] ?? null );
		return is_array( $all ) ? $all : [];
	}
}
