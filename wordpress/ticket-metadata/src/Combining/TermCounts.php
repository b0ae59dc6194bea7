<?php
namespace TicketMetadata\Combining;

use TicketMetadata\Errors;

/**
 * How many posts a term has. WordPress counts and writes again with each change of a post's status or terms; this counts
 * once, and writes what has changed. Help desks use statuses of their own, which WordPress does not count, so that most
 * counts stay as they are.
 */
final class TermCounts implements Buffer {

	/** WordPress's own two ways to count. Another plugin may have a third, which stays as it is. */
	private const OF_POSTS  = '_update_post_term_count';
	private const OF_OBJECTS = '_update_generic_term_count';

	/** With this statement WordPress fills its cache of terms. */
	private const OF_TERMS = '/^(SELECT t\.\*, tt\.\*) (FROM \w+ AS t INNER JOIN \w+ AS tt ON t\.term_id = tt\.term_id WHERE t\.term_id IN \(([0-9,]+)\))$/';

	private Scope $scope;

	private SiteCache $cache;

	private string $table;

	private string $relationships;

	private string $posts;

	/** @var array<string, string> WordPress's function by taxonomy */
	private array $ways = [];

	/** @var array<int, true> term_ids of what is due, as keys */
	private array $terms = [];

	/** Whether there are more than those. */
	private bool $areUnnamed = false;

	/** @var array<string, array<int, true>> term_taxonomy_ids as keys, by taxonomy */
	private array $due = [];

	public function __construct( Scope $scope ) {
		global $wpdb;
		$this->scope         = $scope;
		$this->cache         = new SiteCache();
		$this->table         = $wpdb->term_taxonomy;
		$this->relationships = $wpdb->term_relationships;
		$this->posts         = $wpdb->posts;
	}

	public function listen(): void {
		add_action( 'registered_taxonomy', [ $this, 'takeOver' ], PHP_INT_MAX );
		add_action( 'clean_term_cache', [ $this, 'noteTerms' ], PHP_INT_MIN );
		array_map( [ $this, 'takeOver' ], get_taxonomies() );
	}

	public function takeOver( $name ): void {
		$taxonomy = get_taxonomy( $name );
		$way      = $taxonomy && ! empty( $taxonomy->update_count_callback ) ? $taxonomy->update_count_callback : self::OF_POSTS;
		if ( $taxonomy && in_array( $way, [ self::OF_POSTS, self::OF_OBJECTS ], true ) && $this->scope->hasTaxonomyOf( (array) $taxonomy->object_type ) ) {
			$this->ways[ $taxonomy->name ]   = $way;
			$taxonomy->update_count_callback = [ $this, 'update' ];
		}
	}

	/** In the place of WordPress's function. */
	public function update( $terms, $taxonomy ): void {
		$isOurs = $GLOBALS['wpdb']->term_taxonomy === $this->table && $this->scope->hasTaxonomyOf( (array) $taxonomy->object_type );
		if ( Combining::writesAtOnce() || ! $isOurs ) {
			( $this->ways[ $taxonomy->name ] )( $terms, $taxonomy );
			return;
		}
		foreach ( (array) $terms as $term ) {
			do_action( 'edit_term_taxonomy', $term, $taxonomy->name );
			$this->due[ $taxonomy->name ][ (int) $term ] = true;
			$this->areUnnamed = true;
			Statistics::replaced();
			Combining::expectLastWrite();
			do_action( 'edited_term_taxonomy', $term, $taxonomy->name );
		}
	}

	/** WordPress tells so the ids of the terms whose counts it has just had updated. */
	public function noteTerms( $ids ): void {
		if ( $this->areUnnamed ) {
			$this->terms     += array_fill_keys( array_map( 'intval', (array) $ids ), true );
			$this->areUnnamed = false;
		}
	}

	public function isIdle(): bool {
		return $this->due === [];
	}

	/** Most statements that name the table want the terms of a post, and not their counts, or other terms. */
	public function concerns( string $query, bool $isWrite ): bool {
		if ( $this->due === [] || stripos( $query, $this->table ) === false ) {
			return false;
		}
		if ( $isWrite ) {
			return true;
		}
		if ( preg_match( '/\*(?!\s*\))|\bcount\b(?!\s*\()/i', $query ) === 0 ) {
			return false;
		}
		if ( preg_match( self::OF_TERMS, $query, $found ) === 0 ) {
			return true;
		}
		$isOfDue = $this->areUnnamed || array_intersect_key( array_flip( explode( ',', $found[3] ) ), $this->terms ) !== [];
		// What WordPress makes of the answer must not outlive the page.
		return $isOfDue && wp_using_ext_object_cache();
	}

	/** Has the database count for WordPress what it does not hold yet. */
	public function corrected( string $query ): string {
		if ( $this->due === [] || preg_match( self::OF_TERMS, $query, $found ) === 0 ) {
			return $query;
		}
		$cases = '';
		foreach ( $this->due as $name => $terms ) {
			foreach ( array_keys( $terms ) as $term ) {
				$cases .= " WHEN $term THEN (" . $this->count( $name, 'tt' ) . ')';
			}
		}
		// Of two columns of a name, PHP takes the last.
		return "$found[1], CASE tt.term_taxonomy_id$cases ELSE tt.count END AS count $found[2]";
	}

	public function write(): void {
		if ( $this->due === [] ) {
			return;
		}
		$due              = $this->due;
		$this->due        = [];
		$this->terms      = [];
		$this->areUnnamed = false;
		$queries          = [];
		foreach ( $due as $name => $terms ) {
			$count     = $this->count( $name, 't' );
			$list      = implode( ',', array_keys( $terms ) );
			$queries[] = "SELECT t.term_taxonomy_id AS id, t.term_id AS term, t.count AS before_now, ($count) AS now FROM $this->table t WHERE t.term_taxonomy_id IN ($list)";
		}
		try {
			$rows   = Statements::read( implode( ' UNION ALL ', $queries ) );
			$isDone = $this->store( array_filter( $rows, static fn( \stdClass $row ): bool => (int) $row->before_now !== (int) $row->now ) );
		} catch ( Unreadable $error ) {
			$isDone = false;
		}
		if ( ! $isDone ) {
			Statements::run( fn() => $this->writeSingly( $due ) );
		}
	}

	/** @param array<string, array<int, true>> $due */
	private function writeSingly( array $due ): void {
		foreach ( $due as $name => $terms ) {
			$taxonomy = get_taxonomy( $name );
			if ( $taxonomy && $GLOBALS['wpdb']->term_taxonomy === $this->table ) {
				( $this->ways[ $name ] )( array_keys( $terms ), $taxonomy );
			} else {
				// WordPress's function would count another site's terms.
				Errors::report( 0, 'combine_failed', "The counts of the taxonomy $name could not be written." );
			}
		}
	}

	public function forget(): void {
	}

	/** @return string what WordPress's function counts, in SQL, for the row of $alias */
	private function count( string $name, string $alias ): string {
		$objects = "SELECT COUNT(*) FROM $this->relationships r";
		$ofTerm  = "WHERE r.term_taxonomy_id = $alias.term_taxonomy_id";
		if ( $this->ways[ $name ] === self::OF_OBJECTS ) {
			return "$objects $ofTerm";
		}
		$taxonomy = get_taxonomy( $name );
		$types    = esc_sql( array_filter( $taxonomy ? (array) $taxonomy->object_type : [], 'post_type_exists' ) );
		$statuses = esc_sql( apply_filters( 'update_post_term_count_statuses', [ 'publish' ], $taxonomy ) );
		return "$objects JOIN $this->posts p ON p.ID = r.object_id $ofTerm AND p.post_status IN ('" . implode( "', '", $statuses ) . "') AND p.post_type IN ('" . implode( "', '", $types ) . "')";
	}

	/** @param \stdClass[] $rows those whose count has changed */
	private function store( array $rows ): bool {
		if ( $rows === [] ) {
			return true;
		}
		$cases = array_map( static fn( \stdClass $row ): string => 'WHEN ' . (int) $row->id . ' THEN ' . (int) $row->now, $rows );
		$ids   = implode( ',', array_map( 'intval', array_column( $rows, 'id' ) ) );
		$result = Statements::attempt( "UPDATE $this->table SET count = CASE term_taxonomy_id " . implode( ' ', $cases ) . " END WHERE term_taxonomy_id IN ($ids)" );
		$this->cache->forget( array_map( 'intval', array_column( $rows, 'term' ) ), 'terms', 'terms' );
		return $result !== false;
	}
}
