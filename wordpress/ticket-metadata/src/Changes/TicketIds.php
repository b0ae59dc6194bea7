<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridges;

/**
 * The ids of this site's tickets and people in the service. The service has one space of ids, but each site of a
 * network and each help desk of a site counts from 1.
 *
 * The first help desk of a site keeps its ids. Each further one adds 10^11. Sites of a network other than the main site
 * add 10^12 times their number.
 */
final class TicketIds {

	public const OF_A_SITE = 1000000000000;

	private const OF_A_HELP_DESK = 100000000000;

	private const ID_MAX = 9007199254740991;

	/** The slugs in the order in which they were first used. Stored, so that a ticket's id does not change when another help desk is installed. */
	public const OPTION = 'ticket_metadata_help_desks';

	/** @throws \RangeException if the id would be another ticket's */
	public static function toService( string $slug, int $id ): int {
		$number = self::numberOf( $slug );
		// The only help desk of a single site may use all ids.
		self::assertWithin( $id, $number === 0 && ! is_multisite() && count( self::known() ) === 1 ? self::ID_MAX : self::OF_A_HELP_DESK );
		return self::ofSite( $id + $number * self::OF_A_HELP_DESK );
	}

	/**
	 * @param int $id as the plugin's functions take it
	 * @throws \RangeException
	 */
	public static function ofSite( int $id ): int {
		self::assertWithin( $id, is_multisite() ? self::OF_A_SITE : self::ID_MAX );
		$blog = get_current_blog_id();
		return is_main_site() ? $id : self::within( $blog * self::OF_A_SITE + $id );
	}

	/**
	 * The reverse of ofSite().
	 *
	 * @param int $ticketId the service's
	 * @return int|null null: a ticket of another site of the network
	 */
	public static function onSite( int $ticketId ): ?int {
		$id = is_main_site() ? $ticketId : $ticketId - get_current_blog_id() * self::OF_A_SITE;
		return $id >= 1 && ( ! is_multisite() || $id <= self::OF_A_SITE ) ? $id : null;
	}

	/**
	 * The help desk that has a ticket, as far as WordPress knows it without a query. Tickets of other code can have the ids of a
	 * help desk's.
	 *
	 * @param int $id as the plugin's functions take it
	 * @return array{string, int}|null slug, and the help desk's id; null: none
	 */
	public static function inHelpDesk( int $id ): ?array {
		// get_option() would ask the database for an option that is not there.
		$known  = isset( wp_load_alloptions()[ self::OPTION ] ) ? self::known() : [];
		$number = count( $known ) > 1 || is_multisite() ? intdiv( $id - 1, self::OF_A_HELP_DESK ) : 0;
		return isset( $known[ $number ] ) ? [ $known[ $number ], $id - $number * self::OF_A_HELP_DESK ] : null;
	}

	/**
	 * A person without an account, and so without a WordPress user id.
	 *
	 * @param int $id the help desk's; 0: it has none
	 * @throws \RangeException
	 */
	public static function ofGuest( int $id ): int {
		return self::within( get_current_blog_id() * self::OF_A_SITE + $id );
	}

	private static function numberOf( string $slug ): int {
		$number = array_search( $slug, self::known(), true );
		if ( $number !== false ) {
			return $number;
		}
		// All active ones together, so that concurrent PHP requests arrive at the same order.
		$known = array_values( array_unique( array_merge( self::known(), array_keys( Bridges::active() ), [ $slug ] ) ) );
		update_option( self::OPTION, $known );
		return array_search( $slug, $known, true );
	}

	/** @return string[] */
	private static function known(): array {
		$known = get_option( self::OPTION );
		return is_array( $known ) ? $known : [];
	}

	private static function assertWithin( int $id, int $max ): void {
		if ( $id < 1 || $id > $max ) {
			throw new \RangeException( "A ticket's id must be between 1 and $max here, and $id is not." );
		}
	}

	private static function within( int $id ): int {
		self::assertWithin( $id, self::ID_MAX );
		return $id;
	}
}
