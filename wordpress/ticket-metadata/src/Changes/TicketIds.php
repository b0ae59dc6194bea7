<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridges;

/**
 * Which ids the service knows this site's tickets and people by. The service has one space of ids; the sites of a
 * network, and the help desks of a site, each count from 1.
 *
 * The first help desk of a site keeps its ids. Each further one gets 10^11 more, the sites of a network but the first
 * 10^12 times their number.
 */
final class TicketIds {

	public const OF_A_SITE = 1000000000000;

	private const OF_A_HELP_DESK = 100000000000;

	private const ID_MAX = 9007199254740991;

	/** The slugs in the order in which the site got to know them. Kept: a ticket's id does not change when another help desk comes. */
	public const OPTION = 'ticket_metadata_help_desks';

	/** @throws \RangeException where the id would be another ticket's */
	public static function toService( string $slug, int $id ): int {
		$number = self::numberOf( $slug );
		// A help desk that is alone on a single site may use all that there are.
		self::assertWithin( $id, $number === 0 && ! is_multisite() && count( self::known() ) === 1 ? self::ID_MAX : self::OF_A_HELP_DESK );
		return self::ofSite( $id + $number * self::OF_A_HELP_DESK );
	}

	/**
	 * @param int $id as the functions of the plugin take it
	 * @throws \RangeException
	 */
	public static function ofSite( int $id ): int {
		self::assertWithin( $id, is_multisite() ? self::OF_A_SITE : self::ID_MAX );
		$blog = get_current_blog_id();
		return is_main_site() ? $id : self::within( $blog * self::OF_A_SITE + $id );
	}

	/**
	 * A person without an account, who has no id of a WordPress user.
	 *
	 * @param int $id the help desk's; 0: not even that
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
		// All that run here at once, so that two PHP requests that come here at a time find the same.
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
