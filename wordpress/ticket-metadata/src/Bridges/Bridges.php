<?php
namespace TicketMetadata\Bridges;

/** The help desks that this plugin knows. */
final class Bridges {

	/** @return array<string, Bridge> by slug: those that run on this site */
	public static function active(): array {
		/**
		 * Filters the help desks whose tickets are offloaded.
		 *
		 * @param Bridge[] $bridges
		 */
		$all    = apply_filters( 'ticket_metadata_bridges', [ new AwesomeSupport(), new SupportCandy() ] );
		$active = [];
		foreach ( is_array( $all ) ? $all : [] as $bridge ) {
			if ( $bridge instanceof Bridge && $bridge->isActive() ) {
				$active[ $bridge->slug() ] = $bridge;
			}
		}
		return $active;
	}
}
