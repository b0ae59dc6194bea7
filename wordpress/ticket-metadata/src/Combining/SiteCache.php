<?php
namespace TicketMetadata\Combining;

/** WordPress's cache of the site that combines, whichever site of the network it has been switched to. */
final class SiteCache {

	private int $blog;

	public function __construct() {
		$this->blog = get_current_blog_id();
	}

	/**
	 * After a write. Other pages may have filled a persistent cache with what the database had until then.
	 *
	 * @param int[]  $ids
	 * @param string $queries the group of queries that WordPress keeps the results of
	 */
	public function forget( array $ids, string $group, string $queries ): void {
		$isElsewhere = $this->blog !== get_current_blog_id();
		if ( $isElsewhere ) {
			wp_cache_switch_to_blog( $this->blog );
		}
		wp_cache_delete_multiple( $ids, $group );
		wp_cache_set( 'last_changed', microtime(), $queries );
		if ( $isElsewhere ) {
			wp_cache_switch_to_blog( get_current_blog_id() );
		}
	}
}
