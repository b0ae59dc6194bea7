<?php
namespace TicketMetadata\Bridges;

/**
 * Which terms posts have, in a persistent cache. WordPress drops that from its own cache whenever a post is written; this copy
 * only other terms invalidate. Without a persistent cache, there is none.
 */
final class PostTerms {

	private const GROUP = 'ticket_metadata_post_terms';

	/** Terms that were set past WordPress's functions are noticed after that. */
	private const KEPT_SECONDS = 3600;

	/** @return array<string, int[]> ids of terms by taxonomy, as far as they are known */
	public static function of( int $id ): array {
		$terms = wp_using_ext_object_cache() ? wp_cache_get( $id, self::GROUP ) : [];
		return is_array( $terms ) ? $terms : [];
	}

	/**
	 * @param array<string, int[]> $terms
	 * @param bool                 $isChanged whether this PHP request has set them; else another one may know them better
	 */
	public static function keep( int $id, array $terms, bool $isChanged ): void {
		if ( wp_using_ext_object_cache() ) {
			$isChanged ? wp_cache_set( $id, $terms, self::GROUP, self::KEPT_SECONDS ) : wp_cache_add( $id, $terms, self::GROUP, self::KEPT_SECONDS );
		}
	}

	public static function forget( int $id ): void {
		if ( wp_using_ext_object_cache() ) {
			wp_cache_delete( $id, self::GROUP );
		}
	}
}
