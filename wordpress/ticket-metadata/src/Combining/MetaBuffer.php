<?php
namespace TicketMetadata\Combining;

/** The rows of a table of meta that this PHP request changes: those of the database with what is unwritten. */
final class MetaBuffer implements Buffer {

	/** A page that changes more, such as an import, must not fill PHP's memory. */
	private const UNWRITTEN_MAX       = 500;
	private const UNWRITTEN_BYTES_MAX = 1048576;

	public MetaTable $table;

	private ?InsertedPosts $inserted;

	private ProvisionalIds $ids;

	/** @var array<int, array<int, MetaRow>> by object, by id */
	private array $rows = [];

	/** @var array<int, true> objects with something unwritten */
	private array $changed = [];

	/** @var array<int, int> unwritten deletions: objects by id of the row */
	private array $deleted = [];

	private int $unwritten = 0;

	private int $unwrittenBytes = 0;

	public function __construct( MetaTable $table, ?InsertedPosts $inserted = null ) {
		$this->table    = $table;
		$this->inserted = $inserted;
		$this->ids      = new ProvisionalIds();
	}

	/**
	 * @return array<int, MetaRow> by id, in the order of the database
	 * @throws Unreadable
	 */
	public function rows( int $object ): array {
		if ( ! isset( $this->rows[ $object ] ) ) {
			$rows = $this->isNew( $object ) ? [] : $this->table->read( $object );
			$this->table->prime( $object, $rows );
			$this->ids->recognise( $object, $rows );
			$this->rows[ $object ] = $rows;
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
		if ( stripos( $query, $this->table->name ) === false ) {
			return $this->changed !== [] && $this->table->isDeletionOfPosts( $query );
		}
		if ( $this->changed === [] && ! $isWrite ) {
			return false;
		}
		if ( ! $isWrite && $this->hasOnlyNewValues() && $this->table->isOfOtherKeys( $query, $this->changedKeys() ) ) {
			return false;
		}
		$objects = $this->table->objectsOfCacheFill( $query );
		return $objects === null || array_intersect_key( array_flip( $objects ), $this->changed ) !== [];
	}

	private function hasOnlyNewValues(): bool {
		return $this->deleted === [] && array_filter( $this->unwrittenRows(), static fn( MetaRow $row ): bool => $row->origin !== MetaRow::STORED ) === [];
	}

	/** @return string[] */
	private function changedKeys(): array {
		return array_unique( array_map( static fn( MetaRow $row ): string => $row->key, $this->unwrittenRows() ) );
	}

	/** @return MetaRow[] */
	private function unwrittenRows(): array {
		$rows = array_merge( [], ...array_values( array_intersect_key( $this->rows, $this->changed ) ) );
		return array_filter( $rows, static fn( MetaRow $row ): bool => $row->isUnwritten() );
	}

	/** Whether it is WordPress's question for the rows of a key of an object that are held, and there is none. */
	public function isSearchInVain( string $query ): bool {
		[ $object, $key ] = $this->table->objectAndKeyOfSearch( $query ) ?? [ 0, '' ];
		if ( ! isset( $this->rows[ $object ] ) ) {
			return false;
		}
		foreach ( $this->rows[ $object ] as $row ) {
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
		$deleted = $this->deleted;
		$rows    = [];
		foreach ( $changed as $object ) {
			$rows[ $object ] = array_filter( $this->rows[ $object ], static fn( MetaRow $row ): bool => $row->isUnwritten() );
		}
		$known = $this->known( $changed );
		// Before the statements: they are not to be repeated, whatever happens.
		$this->reset();
		$writer = new MetaWriter( $this->table, $this->ids );
		try {
			$writer->delete( $deleted );
			$writer->save( $rows, $known );
		} catch ( \Throwable $error ) {
			// For example of another plugin's filter.
			array_map( [ $this->table, 'tellUnwritten' ], $changed );
			throw $error;
		} finally {
			$this->table->clean( $changed );
		}
	}

	public function forget(): void {
		if ( $this->inserted !== null ) {
			$this->inserted->forgetAll();
		}
		$this->reset();
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
}
