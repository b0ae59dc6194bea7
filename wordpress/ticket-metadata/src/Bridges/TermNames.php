<?php
namespace TicketMetadata\Bridges;

/**
 * Terms from caches: objects with term_id, term_taxonomy_id, taxonomy and name; null: not known. WordPress drops a term from its
 * own cache whenever it counts the posts that have it, so a persistent cache keeps a copy here, and gets what it lacks.
 */
final class TermNames {

	private const GROUP = 'ticket_metadata_terms';

	/** A term that was renamed past WordPress's functions is noticed after that. */
	private const KEPT_SECONDS = 3600;

	public static function byId( int $id, string $taxonomy ): ?object {
		$term = self::cached( $id ) ?? self::copied( "term-$id", 't.term_id', $id );
		return $term !== null && $term->taxonomy === $taxonomy ? $term : null;
	}

	/** @param int $row its id in term_taxonomy, which on most sites is the same as the term's */
	public static function byRow( int $row ): ?object {
		return self::cachedRow( $row ) ?? self::copied( "row-$row", 'x.term_taxonomy_id', $row );
	}

	/** From WordPress's own cache. */
	public static function cachedRow( int $row ): ?object {
		$term = self::cached( $row );
		return $term !== null && (int) $term->term_taxonomy_id === $row ? $term : null;
	}

	public static function forget( int $id, int $row ): void {
		if ( wp_using_ext_object_cache() ) {
			wp_cache_delete( "term-$id", self::GROUP );
			wp_cache_delete( "row-$row", self::GROUP );
		}
	}

	private static function cached( int $id ): ?object {
		$term = wp_cache_get( $id, 'terms' );
		return is_object( $term ) ? $term : null;
	}

	private static function copied( string $key, string $column, int $id ): ?object {
		global $wpdb;
		if ( ! wp_using_ext_object_cache() ) {
			return null;
		}
		$copy = wp_cache_get( $key, self::GROUP );
		if ( ! is_array( $copy ) ) {
			$rows = Rows::of( "SELECT t.term_id, x.term_taxonomy_id, x.taxonomy, t.name FROM $wpdb->terms t JOIN $wpdb->term_taxonomy x ON x.term_id = t.term_id WHERE $column = $id" );
			// A term of an old WordPress may be in several taxonomies.
			if ( count( $rows ) !== 1 ) {
				return null;
			}
			$copy = get_object_vars( $rows[0] );
			wp_cache_set( $key, $copy, self::GROUP, self::KEPT_SECONDS );
		}
		return (object) $copy;
	}
}
