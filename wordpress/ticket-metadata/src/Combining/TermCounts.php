<?php
namespace TicketMetadata\Combining;

/**
 * How many posts a term has. WordPress counts and writes again with each change of a post's status or terms; this counts
 * once, and writes what has changed. Help desks use statuses of their own, which WordPress does not count, so that most
 * counts stay as they are.
 */
final class TermCounts implements Buffer {

	private Scope $scope;

	private string $table;

	/** FROM and ON of the count, which stay those of this site when another one is switched to. */
	private string $source;

	/** @var array<string, array<int, true>> term_taxonomy_ids as keys, by taxonomy */
	private array $due = [];

	public function __construct( Scope $scope ) {
		global $wpdb;
		$this->scope  = $scope;
		$this->table  = $wpdb->term_taxonomy;
		$this->source = "$wpdb->term_relationships r JOIN $wpdb->posts p ON p.ID = r.object_id";
	}

	public function listen(): void {
		add_action( 'registered_taxonomy', [ $this, 'takeOver' ], PHP_INT_MAX );
		array_map( [ $this, 'takeOver' ], get_taxonomies() );
	}

	/** Another plugin may have a way of its own to count. */
	public function takeOver( $name ): void {
		$taxonomy = get_taxonomy( $name );
		if ( $taxonomy && empty( $taxonomy->update_count_callback ) && $this->scope->hasTaxonomyOf( (array) $taxonomy->object_type ) ) {
			$taxonomy->update_count_callback = [ $this, 'update' ];
		}
	}

	/** In the place of _update_post_term_count(). */
	public function update( $terms, $taxonomy ): void {
		if ( Combining::isOver() || $GLOBALS['wpdb']->term_taxonomy !== $this->table || ! $this->scope->hasTaxonomyOf( (array) $taxonomy->object_type ) ) {
			_update_post_term_count( $terms, $taxonomy );
			return;
		}
		foreach ( (array) $terms as $term ) {
			do_action( 'edit_term_taxonomy', $term, $taxonomy->name );
			$this->due[ $taxonomy->name ][ (int) $term ] = true;
			Statistics::kept();
			Combining::expectLastWrite();
			do_action( 'edited_term_taxonomy', $term, $taxonomy->name );
		}
	}

	public function isIdle(): bool {
		return $this->due === [];
	}

	/** Most statements that name the table want the terms of a post, and not their counts. */
	public function concerns( string $query, bool $isWrite ): bool {
		return $this->due !== [] && stripos( $query, $this->table ) !== false && ( $isWrite || preg_match( '/\*(?!\s*\))|\bcount\b(?!\s*\()/i', $query ) === 1 );
	}

	public function write(): void {
		$due       = $this->due;
		$this->due = [];
		$byRule    = [];
		foreach ( $due as $name => $terms ) {
			$rule            = $this->rule( $name );
			$byRule[ $rule ] = ( $byRule[ $rule ] ?? [] ) + $terms;
		}
		foreach ( $byRule as $rule => $terms ) {
			$this->count( $rule, array_keys( $terms ) );
		}
	}

	public function forget(): void {
	}

	/** @return string what _update_post_term_count() counts, in SQL */
	private function rule( string $name ): string {
		$taxonomy = get_taxonomy( $name );
		$types    = esc_sql( array_filter( $taxonomy ? (array) $taxonomy->object_type : [], 'post_type_exists' ) );
		$statuses = esc_sql( apply_filters( 'update_post_term_count_statuses', [ 'publish' ], $taxonomy ) );
		return "SELECT COUNT(*) FROM $this->source WHERE r.term_taxonomy_id = t.term_taxonomy_id"
			. " AND p.post_status IN ('" . implode( "', '", $statuses ) . "') AND p.post_type IN ('" . implode( "', '", $types ) . "')";
	}

	/** @param int[] $terms */
	private function count( string $rule, array $terms ): void {
		$list    = implode( ',', $terms );
		$changed = Statements::read( "SELECT t.term_taxonomy_id AS id, t.term_id AS term FROM $this->table t WHERE t.term_taxonomy_id IN ($list) AND t.count <> ($rule)" );
		if ( $changed === [] ) {
			return;
		}
		$ids = implode( ',', array_map( 'intval', array_column( $changed, 'id' ) ) );
		Statements::write( "UPDATE $this->table t SET t.count = ($rule) WHERE t.term_taxonomy_id IN ($ids)" );
		// Other pages may have filled a persistent cache with the old counts since.
		wp_cache_delete_multiple( array_column( $changed, 'term' ), 'terms' );
		wp_cache_set( 'last_changed', microtime(), 'terms' );
	}
}
