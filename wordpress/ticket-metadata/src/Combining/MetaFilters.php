<?php
namespace TicketMetadata\Combining;

/**
 * WordPress's functions for meta, with a MetaBuffer in the place of the database: the same comparisons, actions and
 * results, in the same order. See add_metadata(), update_metadata() and delete_metadata() in wp-includes/meta.php.
 *
 * A filter that returns null leaves the work to WordPress, and the barrier writes what is unwritten before it.
 */
final class MetaFilters {

	private MetaBuffer $buffer;

	private Scope $scope;

	private string $type;

	/** @var array{int, string}|null object and key that update_metadata() has looked for and not found: it goes on to add it */
	private ?array $updating = null;

	public function __construct( MetaBuffer $buffer, Scope $scope ) {
		$this->buffer = $buffer;
		$this->scope  = $scope;
		$this->type   = $buffer->table->type;
	}

	public function listen(): void {
		// Last: what another plugin's filter has decided is not ours to change.
		add_filter( "add_{$this->type}_metadata", [ $this, 'add' ], PHP_INT_MAX, 5 );
		add_filter( "update_{$this->type}_metadata", [ $this, 'update' ], PHP_INT_MAX, 5 );
		add_filter( "delete_{$this->type}_metadata", [ $this, 'delete' ], PHP_INT_MAX, 5 );
		add_filter( "get_{$this->type}_metadata", [ $this, 'get' ], PHP_INT_MAX, 4 );
		add_filter( "update_{$this->type}_metadata_cache", [ $this, 'fillCache' ], PHP_INT_MAX, 2 );
	}

	/** @return mixed null, or what add_metadata() returns */
	public function add( $check, $object, $key, $value, $isUnique ) {
		if ( $check !== null || ! $this->isHeld( $object, $key, $value ) ) {
			return $check;
		}
		$isByUpdate     = $this->updating === [ $object, $key ];
		$this->updating = null;
		if ( $isUnique && $this->rowsOf( $object, $key ) !== [] ) {
			return false;
		}
		do_action( "add_{$this->type}_meta", $object, $key, $value );
		$origin = $isUnique ? MetaRow::ADDED_UNIQUE : ( $isByUpdate ? MetaRow::ADDED_BY_UPDATE : MetaRow::ADDED );
		try {
			$id = $this->buffer->add( $object, $key, MetaRow::stored( $value ), $origin );
		} catch ( Unreadable $error ) {
			return false;
		}
		wp_cache_delete( $object, "{$this->type}_meta" );
		do_action( "added_{$this->type}_meta", $id, $object, $key, $value );
		return $id;
	}

	/** @return mixed null, or what update_metadata() returns */
	public function update( $check, $object, $key, $value, $previous ) {
		if ( $check !== null || ! $this->isHeld( $object, $key, $value ) ) {
			return $check;
		}
		$rows = $this->rowsOf( $object, $key );
		if ( ! empty( $previous ) && ! $this->isComparedHere( $rows, MetaRow::stored( $previous ) ) ) {
			return null;
		}
		if ( $rows === [] ) {
			// WordPress asks the database for the rows, is told that there are none, and calls add_metadata(). A filter cannot
			// do that for it, because update_metadata() would return true then, and not the id.
			$this->updating = [ $object, $key ];
			return null;
		}
		if ( empty( $previous ) && self::isEqualToOnly( get_metadata_raw( $this->type, $object, $key ), $value ) ) {
			return false;
		}
		return $this->updateRows( $object, $key, $value, empty( $previous ) ? null : MetaRow::stored( $previous ) );
	}

	/**
	 * With a previous value the database compares and sets in one statement, which no other page can come between. Only of
	 * rows that this page has added, and nobody else can see yet, it can be done here.
	 *
	 * @param MetaRow[] $rows
	 */
	private function isComparedHere( array $rows, string $previous ): bool {
		return array_filter( $rows, static fn( MetaRow $row ): bool => $row->origin === MetaRow::STORED || SameText::isUnclear( (string) $row->value, $previous ) ) === [];
	}

	/** @param string|null $previous the value that a row must have to be changed; null: any */
	private function updateRows( int $object, string $key, $value, ?string $previous ): bool {
		$ids    = array_map( 'strval', array_keys( $this->rowsOf( $object, $key ) ) );
		$stored = MetaRow::stored( $value );
		$this->fire( 'update', $ids, $object, $key, $value );
		// Again, because a listener may have changed them.
		try {
			$this->buffer->makeRoom();
			$rows = $this->rowsOf( $object, $key );
		} catch ( Unreadable $error ) {
			return false;
		}
		$isDone = $previous === null || $this->isComparedHere( $rows, $previous )
			? $this->changeRows( $object, $rows, $key, $stored, $previous )
			: $this->compareAndSet( $object, $key, $stored, $previous );
		if ( ! $isDone ) {
			return false;
		}
		wp_cache_delete( $object, "{$this->type}_meta" );
		$this->fire( 'updated', $ids, $object, $key, $value );
		return true;
	}

	/** @param MetaRow[] $rows */
	private function changeRows( int $object, array $rows, string $key, ?string $stored, ?string $previous ): bool {
		// A database does not count a row that stays as it is.
		$changed = array_filter( $rows, static fn( MetaRow $row ): bool => $row->value !== $stored && ( $previous === null || $row->value === $previous ) );
		foreach ( $changed as $row ) {
			$this->buffer->change( $object, $row, $key, $stored );
		}
		return $changed !== [];
	}

	/** A listener has had the rows written, so that others see them. */
	private function compareAndSet( int $object, string $key, ?string $stored, string $previous ): bool {
		$table = $this->buffer->table;
		$where = [ $table->column => $object, 'meta_key' => $key, 'meta_value' => $previous ];
		return (bool) $GLOBALS['wpdb']->update( $table->name, [ 'meta_value' => $stored ], $where );
	}

	/** @return mixed null, or what delete_metadata() returns */
	public function delete( $check, $object, $key, $value, $isOfAll ) {
		if ( $check !== null || $isOfAll || ! $this->isHeld( $object, $key, $value ) ) {
			return $check;
		}
		$isOfValue = maybe_serialize( $value ) !== '' && $value !== null && $value !== false;
		if ( $isOfValue && ! $this->isClear( $object, $key, MetaRow::stored( $value ) ) ) {
			return null;
		}
		$rows = array_filter( $this->rowsOf( $object, $key ), static fn( MetaRow $row ): bool => ! $isOfValue || $row->value === MetaRow::stored( $value ) );
		if ( $rows === [] ) {
			return false;
		}
		$ids = array_map( 'strval', array_keys( $rows ) );
		do_action( "delete_{$this->type}_meta", $ids, $object, $key, $value );
		if ( $this->type === 'post' ) {
			do_action( 'delete_postmeta', $ids );
		}
		try {
			if ( $this->buffer->delete( $object, array_map( 'intval', $ids ) ) === 0 ) {
				return false;
			}
		} catch ( Unreadable $error ) {
			return false;
		}
		wp_cache_delete_multiple( [ $object ], "{$this->type}_meta" );
		do_action( "deleted_{$this->type}_meta", $ids, $object, $key, $value );
		if ( $this->type === 'post' ) {
			do_action( 'deleted_postmeta', $ids );
		}
		return true;
	}

	/** @return mixed null, or what get_metadata_raw() returns, as a list where one value is asked for: WordPress takes its first */
	public function get( $check, $object, $key, $isSingle ) {
		if ( $check !== null || ! $this->buffer->isChanged( (int) $object ) ) {
			return $check;
		}
		$values = [];
		foreach ( $this->buffer->rows( (int) $object ) as $row ) {
			$values[ $row->key ][] = $row->value;
		}
		if ( ! $key && $isSingle ) {
			// get_metadata() wants all, and metadata_exists() to know whether there is such a key. They ask in the same way.
			$this->buffer->write();
			return null;
		}
		if ( ! $key ) {
			return $values;
		}
		if ( isset( $values[ $key ] ) ) {
			return array_map( 'maybe_unserialize', $isSingle ? [ $values[ $key ][0] ] : $values[ $key ] );
		}
		$default = get_metadata_default( $this->type, $object, $key, $isSingle );
		if ( ! in_array( $default, [ '', [] ], true ) ) {
			// It has a default value. metadata_exists() could not tell it from a value, so that the database has to answer.
			$this->buffer->write();
			return null;
		}
		return $default;
	}

	/** @return mixed null, or whether the cache was filled: not with what is about to change in the database */
	public function fillCache( $check, $objects ) {
		if ( $check !== null ) {
			return $check;
		}
		$others = array_filter( (array) $objects, fn( $object ): bool => ! $this->buffer->isChanged( (int) $object ) );
		if ( count( $others ) === count( (array) $objects ) ) {
			return null;
		}
		update_meta_cache( $this->type, $others );
		return true;
	}

	/** Whether the change is combined: it is one of ours, and what it does is known without the database. */
	private function isHeld( $object, $key, $value ): bool {
		if ( Combining::writesAtOnce() || ! is_scalar( $key ) || ! $this->buffer->table->isCurrent() || ! $this->scope->hasMeta( $this->type, $object, $key ) ) {
			return false;
		}
		if ( ! $this->buffer->table->isStorable( 'meta_key', $key ) || ! $this->buffer->table->isStorable( 'meta_value', MetaRow::stored( $value ) ) ) {
			return false;
		}
		try {
			$this->buffer->makeRoom();
			return array_filter( $this->buffer->rows( $object ), static fn( MetaRow $row ): bool => SameText::isUnclear( $row->key, $key ) ) === [];
		} catch ( Unreadable $error ) {
			// WordPress finds out for itself what it makes of that.
			return false;
		}
	}

	/** Whether no value could be the same in the database and another one here. */
	private function isClear( int $object, string $key, ?string $value ): bool {
		return array_filter( $this->rowsOf( $object, $key ), static fn( MetaRow $row ): bool => SameText::isUnclear( (string) $row->value, (string) $value ) ) === [];
	}

	/** @return array<int, MetaRow> by id */
	private function rowsOf( int $object, string $key ): array {
		return array_filter( $this->buffer->rows( $object ), static fn( MetaRow $row ): bool => $row->key === $key );
	}

	/** @param string[] $ids */
	private function fire( string $what, array $ids, int $object, string $key, $value ): void {
		foreach ( $ids as $id ) {
			do_action( "{$what}_{$this->type}_meta", $id, $object, $key, $value );
			if ( $this->type === 'post' ) {
				do_action( "{$what}_postmeta", $id, $object, $key, maybe_serialize( $value ) );
			}
		}
	}

	/** @param mixed $old */
	private static function isEqualToOnly( $old, $value ): bool {
		return is_countable( $old ) && count( $old ) === 1 && $old[0] === $value;
	}
}
