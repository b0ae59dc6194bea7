<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Changes\Schedule;

/** Ends the replay when the plugin is deactivated. The outbox keeps its tickets until the plugin is active again. */
final class Deactivation {

	public static function listen( string $file ): void {
		register_deactivation_hook( $file, [ self::class, 'run' ] );
	}

	/** @param mixed $isOfNetwork */
	public static function run( $isOfNetwork = false ): void {
		if ( ! $isOfNetwork || ! is_multisite() ) {
			Schedule::end();
			return;
		}
		foreach ( get_sites( [ 'fields' => 'ids', 'number' => 0 ] ) as $site ) {
			switch_to_blog( $site );
			Schedule::end();
			restore_current_blog();
		}
	}
}
