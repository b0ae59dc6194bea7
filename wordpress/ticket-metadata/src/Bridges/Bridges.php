<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** The help desks that this plugin supports. */
final class Bridges {

	/** @return array<string, Bridge> by slug: those that are active on this site */
	public static function active(): array {
		$own = [ new AwesomeSupport(), new SupportCandy(), new KbSupport() ];
		/**
		 * Filters the help desks whose tickets are mirrored into the service.
		 *
		 * @param Bridge[] $bridges
		 */
		$all    = self::tried( static fn() => apply_filters( 'ticket_metadata_bridges', $own ) );
		$active = [];
		foreach ( is_array( $all ) ? $all : $own as $bridge ) {
			if ( $bridge instanceof Bridge && self::tried( static fn(): bool => $bridge->isActive() ) ) {
				$active[ $bridge->slug() ] = $bridge;
			}
		}
		return $active;
	}

	/**
	 * A bug in one bridge must not stop the others.
	 *
	 * @return mixed null: it failed
	 */
	private static function tried( callable $ask ) {
		try {
			return $ask();
		} catch ( \Throwable $error ) {
			Errors::report( 0, 'bridge_error', get_class( $error ) . ': ' . $error->getMessage() );
			return null;
		}
	}
}
