<?php
namespace TicketMetadata\Combining;

/**
 * Another page may have changed the same object since its rows were read. WordPress looks for the rows of a key before
 * each write; this looks once, before all of them, and decides as WordPress would have.
 */
final class MetaRecheck {

	private MetaTable $table;

	public function __construct( MetaTable $table ) {
		$this->table = $table;
	}

	/**
	 * @param array<int, MetaRow[]> $rows  unwritten, by object
	 * @param array<int, int>       $known objects that may have other rows by now, as keys
	 * @return array<int, MetaRow[]> those to be written
	 */
	public function adjust( array $rows, array $known ): array {
		$older = array_filter( array_intersect_key( $rows, $known ) );
		if ( $older === [] ) {
			return $rows;
		}
		try {
			$current = $this->current( array_keys( $older ) );
		} catch ( Unreadable $error ) {
			return $rows;
		}
		foreach ( $older as $object => $some ) {
			$rows[ $object ] = $this->adjusted( $some, $current[ $object ] ?? [], $known[ $object ] );
		}
		return $rows;
	}

	/**
	 * @param MetaRow[]             $rows
	 * @param array<int, string>    $current keys by id
	 * @return MetaRow[]
	 */
	private function adjusted( array $rows, array $current, int $known ): array {
		$adjusted = [];
		foreach ( $rows as $row ) {
			if ( $row->origin === MetaRow::ADDED || isset( $current[ $row->id ] ) ) {
				$adjusted[] = $row;
				continue;
			}
			// The row was deleted, or another page has added the key that was not there.
			$others = array_keys( array_filter( $current, static fn( string $key, int $id ): bool => $key === $row->key && ( $row->origin === MetaRow::STORED || $id > $known ), ARRAY_FILTER_USE_BOTH ) );
			if ( $others === [] ) {
				// Not under its old id: that row is gone.
				$adjusted[] = $row->origin === MetaRow::STORED ? new MetaRow( $row->id, $row->key, $row->value, MetaRow::ADDED_BY_UPDATE ) : $row;
			} elseif ( $row->origin !== MetaRow::ADDED_UNIQUE ) {
				foreach ( $others as $id ) {
					$adjusted[] = new MetaRow( $id, $row->key, $row->value, MetaRow::STORED );
				}
			}
		}
		return $adjusted;
	}

	/**
	 * @param int[] $objects
	 * @return array<int, array<int, string>> keys by object, by id
	 * @throws Unreadable
	 */
	private function current( array $objects ): array {
		$table   = $this->table;
		$current = [];
		foreach ( Statements::read( "SELECT $table->idColumn AS id, $table->column AS object, meta_key FROM $table->name WHERE $table->column IN (" . implode( ',', $objects ) . ')' ) as $row ) {
			$current[ (int) $row->object ][ (int) $row->id ] = (string) $row->meta_key;
		}
		return $current;
	}
}
