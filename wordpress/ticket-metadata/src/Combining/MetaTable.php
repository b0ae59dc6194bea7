<?php
namespace TicketMetadata\Combining;

/** A table of meta as it is in the database, and WordPress's cache of it. */
final class MetaTable {

	/** WordPress's name for the kind of object: post or user. */
	public string $type;

	public string $name;

	/** The column of the object's id. */
	public string $column;

	public string $idColumn;

	private SiteCache $cache;

	public function __construct( string $type ) {
		$this->type     = $type;
		$this->name     = (string) _get_meta_table( $type );
		$this->column   = "{$type}_id";
		$this->idColumn = $type === 'user' ? 'umeta_id' : 'meta_id';
		$this->cache    = new SiteCache();
	}

	/** Whether WordPress's functions are about this table, and not about that of another site. */
	public function isCurrent(): bool {
		return _get_meta_table( $this->type ) === $this->name;
	}

	/** wpdb refuses text that the column cannot hold. */
	public function isStorable( string $column, ?string $text ): bool {
		global $wpdb;
		$length = $column === 'meta_key' ? 191 : 65535;
		if ( $text === null || ( SameText::isAscii( $text ) && strlen( $text ) <= $length ) ) {
			return true;
		}
		return Statements::run( fn() => $wpdb->strip_invalid_text_for_column( $this->name, $column, $text ) ) === $text;
	}

	/**
	 * @return array<int, MetaRow> by id, ascending
	 * @throws Unreadable
	 */
	public function read( int $object ): array {
		$rows = [];
		foreach ( Statements::read( "SELECT $this->idColumn AS id, meta_key, meta_value FROM $this->name WHERE $this->column = $object ORDER BY $this->idColumn" ) as $row ) {
			$rows[ (int) $row->id ] = new MetaRow( (int) $row->id, (string) $row->meta_key, $row->meta_value, MetaRow::STORED );
		}
		return $rows;
	}

	/**
	 * Fills WordPress's cache, for which it would read the same once more.
	 *
	 * @param MetaRow[] $rows as they are in the database
	 */
	public function prime( int $object, array $rows ): void {
		$values = [];
		foreach ( $rows as $row ) {
			$values[ $row->key ][] = $row->value;
		}
		wp_cache_add( $object, $values, "{$this->type}_meta" );
	}

	/**
	 * After a write.
	 *
	 * @param int[] $objects
	 */
	public function clean( array $objects ): void {
		$this->cache->forget( $objects, "{$this->type}_meta", $this->type === 'user' ? 'users' : 'posts' );
	}

	/** The database has refused a change that WordPress's actions have told of. */
	public function tellUnwritten( int $object ): void {
		do_action( 'ticket_metadata_unwritten', $this->type, $object );
	}

	/** @return int[]|null of which objects a statement is, if it is the one with which WordPress fills its cache */
	public function objectsOfCacheFill( string $query ): ?array {
		return preg_match( "/^SELECT $this->column, meta_key, meta_value FROM $this->name WHERE $this->column IN \(([0-9,]+)\) ORDER BY $this->idColumn ASC$/", $query, $found ) === 1
			? array_map( 'intval', explode( ',', $found[1] ) )
			: null;
	}

	/** @return array{int, string}|null object and key, if it is the statement with which update_metadata() looks for rows */
	public function objectAndKeyOfSearch( string $query ): ?array {
		$pattern = "/^SELECT $this->idColumn FROM $this->name WHERE meta_key = '((?:[^'\\\\]|\\\\.)*)' AND $this->column = ([0-9]+)$/s";
		return preg_match( $pattern, $query, $found ) === 1 ? [ (int) $found[2], stripslashes( $found[1] ) ] : null;
	}

	/**
	 * Whether a SELECT is of values of other keys alone: it joins the table, as WordPress does to find users with a role,
	 * and names it elsewhere only to compare a key with a text and the value of that row with another.
	 *
	 * @param string[] $keys
	 */
	public function isOfOtherKeys( string $query, array $keys ): bool {
		$text     = "'((?:[^'\\\\]|\\\\.)*)'";
		$compared = "/\(\s*$this->name\.meta_key = $text AND $this->name\.meta_value (?:=|LIKE) $text\s*\)/s";
		$joined   = "/ JOIN $this->name ON \( ?\w+\.ID = $this->name\.$this->column ?\)/";
		$rest     = preg_replace( [ $compared, $joined ], '', $query );
		preg_match_all( $compared, $query, $found );
		foreach ( $found[1] as $other ) {
			foreach ( $keys as $key ) {
				if ( $key === stripslashes( $other ) || SameText::isUnclear( $key, stripslashes( $other ) ) ) {
					return false;
				}
			}
		}
		return $found[1] !== [] && is_string( $rest ) && stripos( $rest, $this->name ) === false && preg_match( '/\*|\bmeta_(key|value)\b/i', preg_replace( "/$text/s", '', $rest ) ) === 0;
	}

	/** Whether a statement deletes posts. Their meta goes before them: nothing may be left of it if the page is killed in between. */
	public function isDeletionOfPosts( string $query ): bool {
		return $this->type === 'post' && strncasecmp( $query, 'DELETE', 6 ) === 0 && stripos( $query, $GLOBALS['wpdb']->posts ) !== false;
	}
}
