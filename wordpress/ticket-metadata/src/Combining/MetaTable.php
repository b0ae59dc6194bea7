<?php
namespace TicketMetadata\Combining;

/** The rows of one table of meta that this PHP request has changed: those of the database with what is unwritten. */
final class MetaTable implements Buffer {

	/** A page that changes more, such as an import, must not fill PHP's memory. */
	private const UNWRITTEN_MAX       = 500;
	private const UNWRITTEN_BYTES_MAX = 1048576;

	public string $type;

	public string $name;

	/** The column of the object's id. */
	public string $column;

	public string $idColumn;

	private int $blog;

	private ProvisionalIds $ids;

	/** @var array<int, array<int, MetaRow>> by object, by id */
	private array $rows = [];

	/** @var array<int, true> objects with something unwritten */
	private array $changed = [];

	/** @var array<int, int> unwritten deletions: objects by id of the row */
	private array $deleted = [];

	private int $unwritten = 0;

	private int $unwrittenBytes = 0;

	private ?InsertedPosts $inserted;

	public function __construct( string $type, ?InsertedPosts $inserted = null ) {
		global $wpdb;
		$this->type     = $type;
		$this->name     = (string) _get_meta_table( $type );
		$this->column   = "{$type}_id";
		$this->idColumn = $type === 'user' ? 'umeta_id' : 'meta_id';
		$this->blog     = $wpdb->blogid;
		$this->ids      = new ProvisionalIds();
		$this->inserted = $inserted;
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

	/** @return array<int, MetaRow> by id, in the order of the database */
	public function rows( int $object ): array {
		if ( ! isset( $this->rows[ $object ] ) ) {
			$this->rows[ $object ] = $this->isNew( $object ) ? [] : $this->read( $object );
			$this->prime( $object );
			$this->ids->recognise( $object, $this->rows[ $object ] );
		}
		return $this->rows[ $object ];
	}

	public function has( int $object ): bool {
		return isset( $this->rows[ $object ] );
	}

	public function isChanged( int $object ): bool {
		return isset( $this->changed[ $object ] );
	}

	public function add( int $object, string $key, ?string $value, int $origin ): int {
		$this->rows( $object );
		$id = $this->ids->next( $object );
		// A row that is added has an id above all others of the object.
		$this->rows[ $object ][ $id ] = new MetaRow( $id, $key, $value, $origin );
		$this->noteChange( $object, $key, $value );
		return $id;
	}

	public function change( int $object, MetaRow $row, string $key, ?string $value ): void {
		$row->key       = $key;
		$row->value     = $value;
		$row->isChanged = true;
		$this->noteChange( $object, $key, $value );
	}

	/**
	 * @param int[] $ids
	 * @return int the number of rows that were there
	 */
	public function delete( int $object, array $ids ): int {
		$this->rows( $object );
		if ( array_filter( $this->findAll( $ids ), static fn( array $found ): bool => $found[1]->origin === MetaRow::STORED ) !== [] ) {
			$this->writeBeforeDeletion();
			$this->rows( $object );
		}
		$found = $this->findAll( $ids );
		foreach ( $found as [ , $row ] ) {
			if ( $row->origin === MetaRow::STORED ) {
				$this->deleted[ $row->id ] = $object;
			}
			unset( $this->rows[ $object ][ $row->id ] );
			$this->noteChange( $object, $row->key, null );
		}
		return count( $found );
	}

	/**
	 * Deletions are sent before the rest. So that a page that is killed leaves a state that the rows had at some time,
	 * nothing older than a deletion may still be unwritten.
	 */
	private function writeBeforeDeletion(): void {
		if ( $this->unwritten > count( $this->deleted ) ) {
			$this->write();
		}
	}

	/**
	 * @param int[] $ids
	 * @return array{int, MetaRow}[]
	 */
	private function findAll( array $ids ): array {
		return array_filter( array_map( [ $this, 'find' ], $ids ) );
	}

	/** Call it before rows are looked for that are to be changed. */
	public function makeRoom(): void {
		if ( $this->unwritten >= self::UNWRITTEN_MAX || $this->unwrittenBytes > self::UNWRITTEN_BYTES_MAX ) {
			$this->write();
		}
	}

	/** @return array{int, MetaRow}|null object and row, if they are held */
	public function find( int $id ): ?array {
		$object = $this->ids->object( $id );
		if ( $object !== null ) {
			// May find the id that it was written under.
			$this->rows( $object );
			$id = $this->ids->real( $id );
			return isset( $this->rows[ $object ][ $id ] ) ? [ $object, $this->rows[ $object ][ $id ] ] : null;
		}
		foreach ( $this->rows as $object => $rows ) {
			if ( isset( $rows[ $id ] ) ) {
				return [ $object, $rows[ $id ] ];
			}
		}
		return null;
	}

	public function isIdle(): bool {
		return $this->rows === [];
	}

	public function concerns( string $query, bool $isWrite ): bool {
		if ( stripos( $query, $this->name ) === false ) {
			return $this->type === 'post' && $this->changed !== [] && $this->deletesPosts( $query );
		}
		if ( $this->changed === [] && ! $isWrite ) {
			return false;
		}
		// WordPress fills its cache: of objects that have not changed it may.
		return ! preg_match( "/^SELECT $this->column, meta_key, meta_value FROM $this->name WHERE $this->column IN \(([0-9,]+)\) ORDER BY $this->idColumn ASC$/", $query, $found )
			|| array_intersect_key( array_flip( explode( ',', $found[1] ) ), $this->changed ) !== [];
	}

	/** The meta of a post goes before the post: nothing may be left of it if the page is killed in between. */
	private function deletesPosts( string $query ): bool {
		return strncasecmp( $query, 'DELETE', 6 ) === 0 && stripos( $query, $GLOBALS['wpdb']->posts ) !== false;
	}

	/** Whether it is WordPress's question for the rows of a key of an object that are held, and there is none. */
	public function isQuestionWithoutAnswer( string $query ): bool {
		$pattern = "/^SELECT $this->idColumn FROM $this->name WHERE meta_key = '((?:[^'\\\\]|\\\\.)*)' AND $this->column = ([0-9]+)$/s";
		if ( ! preg_match( $pattern, $query, $found ) || ! isset( $this->rows[ (int) $found[2] ] ) ) {
			return false;
		}
		$key = stripslashes( $found[1] );
		foreach ( $this->rows[ (int) $found[2] ] as $row ) {
			if ( $row->key === $key || SameText::isUnclear( $row->key, $key ) ) {
				return false;
			}
		}
		return true;
	}

	public function write(): void {
		if ( $this->changed === [] ) {
			return;
		}
		$changed = array_keys( $this->changed );
		$deleted = array_keys( $this->deleted );
		$rows    = [];
		foreach ( $changed as $object ) {
			$rows[ $object ] = array_filter( $this->rows[ $object ], static fn( MetaRow $row ): bool => $row->isUnwritten() );
		}
		$known = $this->known( $changed );
		// Before the statements: they are not to be repeated, whatever happens.
		$this->reset();
		$writer = new MetaWriter( $this, $this->ids );
		$writer->delete( $deleted );
		$writer->save( $rows, $known );
		$this->clean( $changed );
	}

	public function forget(): void {
		if ( $this->inserted !== null ) {
			$this->inserted->forgetAll();
		}
		$this->reset();
	}

	/** Other pages may have filled a persistent cache with what the database had until now. */
	private function clean( array $objects ): void {
		$isElsewhere = is_multisite() && $this->blog !== get_current_blog_id();
		if ( $isElsewhere ) {
			wp_cache_switch_to_blog( $this->blog );
		}
		wp_cache_delete_multiple( $objects, "{$this->type}_meta" );
		wp_cache_set( 'last_changed', microtime(), $this->type === 'user' ? 'users' : 'posts' );
		if ( $isElsewhere ) {
			wp_cache_switch_to_blog( get_current_blog_id() );
		}
	}

	/**
	 * @param int[] $objects
	 * @return array<int, int> by object that may have rows already: the highest id that was read
	 */
	private function known( array $objects ): array {
		$known = [];
		foreach ( $objects as $object ) {
			if ( ! $this->isNew( $object ) ) {
				$stored           = array_filter( $this->rows[ $object ], static fn( MetaRow $row ): bool => $row->origin === MetaRow::STORED );
				$known[ $object ] = $stored === [] ? 0 : max( array_keys( $stored ) );
			}
			if ( $this->inserted !== null ) {
				// From now on it has rows.
				$this->inserted->forget( $object );
			}
		}
		return $known;
	}

	private function isNew( int $object ): bool {
		return $this->inserted !== null && $this->inserted->has( $object );
	}

	private function reset(): void {
		$this->rows           = [];
		$this->changed        = [];
		$this->deleted        = [];
		$this->unwritten      = 0;
		$this->unwrittenBytes = 0;
	}

	private function noteChange( int $object, string $key, ?string $value ): void {
		Statistics::replaced();
		Combining::expectLastWrite();
		$this->changed[ $object ] = true;
		$this->unwrittenBytes    += strlen( $key ) + strlen( (string) $value );
		$this->unwritten++;
	}

	/** @return array<int, MetaRow> */
	private function read( int $object ): array {
		$rows = [];
		foreach ( Statements::read( "SELECT $this->idColumn AS id, meta_key, meta_value FROM $this->name WHERE $this->column = $object ORDER BY $this->idColumn" ) as $row ) {
			$rows[ (int) $row->id ] = new MetaRow( (int) $row->id, (string) $row->meta_key, $row->meta_value, MetaRow::STORED );
		}
		return $rows;
	}

	/** WordPress would read the same once more, to compare. */
	private function prime( int $object ): void {
		$values = [];
		foreach ( $this->rows[ $object ] as $row ) {
			$values[ $row->key ][] = $row->value;
		}
		wp_cache_add( $object, $values, "{$this->type}_meta" );
	}
}
