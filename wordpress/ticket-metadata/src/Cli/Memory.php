<?php
namespace TicketMetadata\Cli;

/** Keeps the memory of a run constant, however many tickets there are. */
final class Memory {

	/** Empties WordPress's caches of a page, which would grow with every ticket. */
	public static function release(): void {
		global $wpdb;
		// Kept with SAVEQUERIES.
		$wpdb->queries = [];
		// Only the cache of this process. A cache that cannot separate it from the shared one keeps it.
		if ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime();
		}
	}
}
