<?php
namespace TicketMetadata\Combining;

use TicketMetadata\Errors;

/** Writes rows of meta in as few statements as there can be. */
final class MetaWriter {

	/** Far below any server's max_allowed_packet. */
	private const ROWS_MAX  = 500;
	private const BYTES_MAX = 524288;

	private MetaTable $table;

	private ProvisionalIds $ids;

	public function __construct( MetaTable $table, ProvisionalIds $ids ) {
		$this->table = $table;
		$this->ids   = $ids;
	}

	/** @param array<int, int> $objects by id of the row */
	public function delete( array $objects ): void {
		foreach ( array_chunk( $objects, self::ROWS_MAX, true ) as $some ) {
			if ( Statements::attempt( $this->deletion( array_keys( $some ) ) ) === false ) {
				array_walk( $some, fn( int $object, int $id ) => $this->deleteOne( $object, $id ) );
			}
		}
	}

	/**
	 * @param array<int, MetaRow[]> $rows  unwritten, by object
	 * @param array<int, int>       $known by object that had rows, or may have: the highest id that was read
	 */
	public function save( array $rows, array $known ): void {
		$rows = ( new MetaRecheck( $this->table ) )->adjust( $rows, $known );
		foreach ( $this->batches( $rows ) as $batch ) {
			if ( Statements::attempt( $this->upsert( $batch ) ) === false ) {
				array_walk( $batch, fn( array $pair ) => $this->saveOne( ...$pair ) );
			}
		}
		foreach ( $rows as $object => $some ) {
			foreach ( $some as $row ) {
				if ( $row->origin !== MetaRow::STORED && $this->ids->real( $row->id ) === $row->id ) {
					$this->ids->noteWritten( $object, $row, $known[ $object ] ?? 0 );
				}
			}
		}
	}

	/**
	 * @param array<int, MetaRow[]> $rows
	 * @return array<int, array{int, MetaRow}[]> pairs of object and row
	 */
	private function batches( array $rows ): array {
		$batches = [];
		$batch   = [];
		$bytes   = 0;
		foreach ( $rows as $object => $some ) {
			foreach ( $some as $row ) {
				$length = strlen( $row->key ) + strlen( (string) $row->value );
				if ( $batch !== [] && ( count( $batch ) >= self::ROWS_MAX || $bytes + $length > self::BYTES_MAX ) ) {
					$batches[] = $batch;
					$batch     = [];
					$bytes     = 0;
				}
				$batch[] = [ $object, $row ];
				$bytes  += $length;
			}
		}
		return $batch === [] ? $batches : array_merge( $batches, [ $batch ] );
	}

	/** @param array{int, MetaRow}[] $batch */
	private function upsert( array $batch ): string {
		global $wpdb;
		$values   = [];
		$hasOlder = false;
		foreach ( $batch as [ $object, $row ] ) {
			$isOlder  = $row->origin === MetaRow::STORED;
			$hasOlder = $hasOlder || $isOlder;
			$id       = $isOlder ? $row->id : 'NULL';
			$value    = $row->value === null ? 'NULL' : $wpdb->prepare( '%s', $row->value );
			$values[] = "($id, $object, " . $wpdb->prepare( '%s', $row->key ) . ", $value)";
		}
		$query = "INSERT INTO {$this->table->name} ({$this->table->idColumn}, {$this->table->column}, meta_key, meta_value) VALUES " . implode( ', ', $values );
		return $hasOlder ? "$query ON DUPLICATE KEY UPDATE meta_key = VALUES(meta_key), meta_value = VALUES(meta_value)" : $query;
	}

	/** @param int[] $ids */
	private function deletion( array $ids ): string {
		return "DELETE FROM {$this->table->name} WHERE {$this->table->idColumn} IN (" . implode( ',', $ids ) . ')';
	}

	private function deleteOne( int $object, int $id ): void {
		if ( Statements::write( $this->deletion( [ $id ] ) ) === false ) {
			Errors::report( 0, 'combine_failed', "The row $id of {$this->table->name} could not be deleted." );
			$this->table->tellUnwritten( $object );
		}
	}

	private function saveOne( int $object, MetaRow $row ): void {
		Statistics::made();
		$data   = [ 'meta_key' => $row->key, 'meta_value' => $row->value ];
		$isDone = Statements::run(
			function ( \wpdb $wpdb ) use ( $object, $row, $data ): bool {
				if ( $row->origin === MetaRow::STORED ) {
					return $wpdb->update( $this->table->name, $data, [ $this->table->idColumn => $row->id ] ) !== false;
				}
				$isDone = $wpdb->insert( $this->table->name, [ $this->table->column => $object ] + $data ) !== false;
				if ( $isDone ) {
					$this->ids->noteReal( $row->id, (int) $wpdb->insert_id );
				}
				return $isDone;
			}
		);
		if ( ! $isDone ) {
			Errors::report( 0, 'combine_failed', "The meta $row->key of {$this->table->type} $object could not be written." );
			$this->table->tellUnwritten( $object );
		}
	}
}
