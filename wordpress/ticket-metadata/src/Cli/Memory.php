<?php
namespace TicketMetadata\Cli;

/** Keeps a run over all tickets as small as one over a few. */
final class Memory {

	/** Forgets what WordPress keeps for a page, which would grow with every ticket. */
	public static function release(): void {
		global $wpdb;
		// Kept with SAVEQUERIES.
		$wpdb->queries = [];
		// What is not asked for again soon; where the cache cannot part it from what others share, it keeps it.
		if ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime();
		}
	}
}
