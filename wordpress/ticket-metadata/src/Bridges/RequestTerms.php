<?php
namespace TicketMetadata\Bridges;

/** The terms of posts, as this PHP request has read and set them. */
final class RequestTerms {

	/** Runs before listeners that fail or end the request. */
	private const FIRST = PHP_INT_MIN;

	/** @var string[] */
	private array $taxonomies;

	/** @var array<int, array<int, array<string, ?int[]>>> by site, post and taxonomy: ids of its terms' rows in term_taxonomy; null: not known. What was set in this PHP request. */
	private array $set = [];

	/** @var array<int, array<int, array<string, array>>> by site, post and taxonomy: ids of its terms, as WordPress had them before it dropped them */
	private array $before = [];

	/** @var array<int, array<int, object>> terms by site and by the ids of their rows in term_taxonomy: those that were given to posts, which WordPress then drops from its cache to count them */
	private array $given = [];

	/** @param string[] $taxonomies */
	public function __construct( array $taxonomies ) {
		$this->taxonomies = $taxonomies;
	}

	public function listen(): void {
		add_action( 'set_object_terms', fn( $id = null, $terms = null, $rows = null, $taxonomy = null, $isAdded = true ) => $this->note( $id, $taxonomy, ! $isAdded && is_array( $rows ) ? array_map( 'intval', array_values( $rows ) ) : null ), self::FIRST, 5 );
		add_action( 'add_term_relationship', fn( $id = null, $row = null, $taxonomy = null ) => $this->give( $row, $taxonomy ), self::FIRST, 3 );
		add_action( 'edited_term', fn( $term = null, $row = null ) => $this->forget( $term, $row ), self::FIRST, 2 );
		add_action( 'delete_term', fn( $term = null, $row = null ) => $this->forget( $term, $row ), self::FIRST, 2 );
		add_action( 'added_term_relationship', fn( $id = null, $row = null, $taxonomy = null ) => $this->note( $id, $taxonomy, null ), self::FIRST, 3 );
		add_action( 'deleted_term_relationships', fn( $id = null, $rows = null, $taxonomy = null ) => $this->note( $id, $taxonomy, null ), self::FIRST, 3 );
	}

	/** Before the post is written. */
	public function look( int $id ): void {
		foreach ( $this->taxonomies as $taxonomy ) {
			$ids = wp_cache_get( $id, "{$taxonomy}_relationships" );
			if ( is_array( $ids ) ) {
				$this->before[ get_current_blog_id() ][ $id ][ $taxonomy ] = $ids;
			}
		}
	}

	/** A post that this PHP request inserts has no terms yet, except those that it was inserted with. */
	public function isNew( int $id ): void {
		$this->set[ get_current_blog_id() ][ $id ] = ( $this->set[ get_current_blog_id() ][ $id ] ?? [] ) + array_fill_keys( $this->taxonomies, [] );
	}

	/** @return array<string, ?string>|null names by taxonomy, null for none; null: not all are known, or one of several would have to be chosen, which is up to the database's order */
	public function of( int $id ): ?array {
		$names = [];
		$ids   = [];
		foreach ( $this->taxonomies as $taxonomy ) {
			$terms = $this->terms( $id, $taxonomy );
			if ( $terms === null || count( $terms ) > 1 ) {
				return null;
			}
			$names[ $taxonomy ] = $terms === [] ? null : (string) $terms[0]->name;
			$ids[ $taxonomy ]   = array_map( static fn( object $term ): int => (int) $term->term_id, $terms );
		}
		PostTerms::keep( $id, $ids, isset( $this->set[ get_current_blog_id() ][ $id ] ) );
		return $names;
	}

	/**
	 * WordPress's persistent cache gets what it lacks of posts. Unlike WordPress's own function for this, it does so for
	 * taxonomies too that are not registered, because nobody asks for them at the moment.
	 *
	 * @param int[] $ids
	 */
	public function prime( array $ids ): void {
		global $wpdb;
		foreach ( $ids as $id ) {
			unset( $this->set[ get_current_blog_id() ][ $id ], $this->before[ get_current_blog_id() ][ $id ] );
		}
		$found = [];
		$query = "SELECT r.object_id, x.taxonomy, x.term_id FROM $wpdb->term_relationships r JOIN $wpdb->term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id WHERE r.object_id IN (" . Rows::list( $ids ) . ") AND x.taxonomy IN ('" . implode( "','", array_map( 'esc_sql', $this->taxonomies ) ) . "')";
		foreach ( Rows::of( $query ) as $row ) {
			$found[ (int) $row->object_id ][ $row->taxonomy ][] = (int) $row->term_id;
		}
		foreach ( $ids as $id ) {
			foreach ( $this->taxonomies as $taxonomy ) {
				wp_cache_add( $id, $found[ $id ][ $taxonomy ] ?? [], "{$taxonomy}_relationships" );
			}
		}
	}

	/** @return object[]|null null: not known */
	private function terms( int $id, string $taxonomy ): ?array {
		$set = $this->set[ get_current_blog_id() ][ $id ] ?? [];
		if ( array_key_exists( $taxonomy, $set ) ) {
			$terms = $set[ $taxonomy ] === null ? null : array_map( fn( int $row ): ?object => $this->given[ get_current_blog_id() ][ $row ] ?? TermNames::byRow( $row ), $set[ $taxonomy ] );
		} else {
			$ids   = wp_cache_get( $id, "{$taxonomy}_relationships" );
			$ids   = is_array( $ids ) ? $ids : $this->before[ get_current_blog_id() ][ $id ][ $taxonomy ] ?? PostTerms::of( $id )[ $taxonomy ] ?? null;
			$terms = is_array( $ids ) ? array_map( static fn( $term ): ?object => TermNames::byId( (int) ( $term->term_id ?? $term ), $taxonomy ), array_values( $ids ) ) : null;
		}
		return $terms === null || in_array( null, $terms, true ) ? null : $terms;
	}

	/**
	 * @param mixed $row
	 * @param mixed $taxonomy
	 */
	private function give( $row, $taxonomy ): void {
		$row  = HookArgument::ticketId( $row );
		$term = in_array( $taxonomy, $this->taxonomies, true ) ? TermNames::cachedRow( $row ) : null;
		if ( $term !== null ) {
			$this->given[ get_current_blog_id() ][ $row ] = $term;
		}
	}

	/**
	 * @param mixed $term
	 * @param mixed $row
	 */
	private function forget( $term, $row ): void {
		$row = HookArgument::ticketId( $row );
		TermNames::forget( HookArgument::ticketId( $term ), $row );
		unset( $this->given[ get_current_blog_id() ][ $row ] );
	}

	/**
	 * @param mixed  $id
	 * @param mixed  $taxonomy
	 * @param ?int[] $rows
	 */
	private function note( $id, $taxonomy, ?array $rows ): void {
		$id = HookArgument::ticketId( $id );
		if ( $id > 0 && in_array( $taxonomy, $this->taxonomies, true ) ) {
			$this->set[ get_current_blog_id() ][ $id ][ $taxonomy ] = $rows;
			// Those of the other taxonomies are still so.
			$this->before[ get_current_blog_id() ][ $id ] = ( $this->before[ get_current_blog_id() ][ $id ] ?? [] ) + PostTerms::of( $id );
			PostTerms::forget( $id );
		}
	}
}
