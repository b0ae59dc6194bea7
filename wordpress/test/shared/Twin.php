<?php
namespace TicketMetadata\Test;

use TicketMetadata\Combining\ProvisionalIds;

/** A ticket with its log: what its events answered and which actions they fired. Ids are told by the order of creation. */
final class Twin {

	public const COMBINED = 'twin_combined';
	public const PLAIN    = 'twin_plain';

	private const ACTIONS = [
		'add_post_meta', 'added_post_meta', 'update_post_meta', 'updated_post_meta', 'update_postmeta', 'updated_postmeta',
		'delete_post_meta', 'deleted_post_meta', 'delete_postmeta', 'deleted_postmeta',
	];

	/** Events whose result, if it is an integer, is the id of a row. */
	private const ANSWER_AN_ID = [ 'add', 'update', 'exchange' ];

	private string $type;

	private int $id;

	/** @var array<int, int> the number of a row by its ids, of which it may have two: before and after it was written */
	private array $numbers = [];

	/** @var array<int, int|null> ids by number; null: it has none in the database */
	private array $rows = [];

	private array $log = [];

	private int $avoided = 0;

	public function __construct( string $type ) {
		$this->type = $type;
		$this->id   = wp_insert_post( [ 'post_type' => $type, 'post_title' => 'Twin', 'post_status' => 'publish' ] );
	}

	/** @return array[] of each event: its result, and what was seen of it */
	public function live( array $page ): array {
		wp_cache_flush();
		$combining = $this->type === self::COMBINED ? new CombinedPage( [ $this->type ] ) : null;
		$listener  = fn( ...$arguments ) => $this->note( ...$arguments );
		foreach ( self::ACTIONS as $action ) {
			add_action( $action, $listener, 5, 9 );
		}
		$reaction = [ new TwinReactions( $this->id ), 'react' ];
		add_action( 'added_post_meta', $reaction, 10, 4 );
		add_action( 'update_post_meta', $reaction, 10, 4 );
		$seen = array_map( fn( array $event ): array => $this->happen( $event ), $page );
		foreach ( self::ACTIONS as $action ) {
			remove_action( $action, $listener, 5 );
		}
		remove_action( 'added_post_meta', $reaction );
		remove_action( 'update_post_meta', $reaction );
		$this->avoided = $combining === null ? 0 : $combining->end()['avoided'];
		$this->recognise();
		// What an addition answered is good for the page alone.
		$this->numbers = array_filter( $this->numbers, static fn( int $id ): bool => ! ProvisionalIds::has( $id ), ARRAY_FILTER_USE_KEY );
		return $seen;
	}

	public function avoided(): int {
		return $this->avoided;
	}

	/** @return array[] key and value of each row, in order */
	public function rows(): array {
		return array_map( static fn( array $row ): array => array_slice( $row, 1 ), $this->stored() );
	}

	public function delete(): void {
		wp_delete_post( $this->id, true );
	}

	private function happen( array $event ): array {
		$this->log = [];
		$this->recognise();
		$name      = array_shift( $event );
		$result    = TwinActs::$name( $this->id, fn( int $number ): int => $this->handle( $number ), ...$event );
		$isId      = is_int( $result ) && in_array( $name, self::ANSWER_AN_ID, true );
		return [ $isId ? $this->number( $result ) : $this->told( $result ), $this->log ];
	}

	private function note( ...$arguments ): void {
		$action = current_filter();
		if ( $action === 'added_post_meta' && $arguments[1] === $this->id ) {
			$this->rows[]                   = ProvisionalIds::has( $arguments[0] ) ? null : $arguments[0];
			$this->numbers[ $arguments[0] ] = array_key_last( $this->rows );
		}
		$this->recognise();
		// The object's id is the first of an addition; otherwise it follows that of the row, if it is told.
		$rows        = $action === 'add_post_meta' ? [] : [ array_shift( $arguments ) ];
		$object      = array_splice( $arguments, 0, 1 );
		$this->log[] = [ $action, array_map( [ $this, 'row' ], $rows ), array_map( [ $this, 'object' ], $object ), array_map( [ $this, 'told' ], $arguments ) ];
		if ( $action === 'deleted_post_meta' ) {
			foreach ( $rows[0] as $id ) {
				unset( $this->rows[ $this->numbers[ (int) $id ] ?? -1 ] );
			}
		}
	}

	/** @param mixed $ids one, or a list */
	private function row( $ids ): array {
		return is_array( $ids ) ? array_map( [ $this, 'number' ], $ids ) : $this->number( $ids );
	}

	private function object( $id ): array {
		return [ gettype( $id ), (int) $id === $this->id ? 'own' : $id ];
	}

	/** @return array type of the id, and which row it is */
	private function number( $id ): array {
		return [ gettype( $id ), '#' . ( $this->numbers[ (int) $id ] ?? 'unknown' ) ];
	}

	/** Rows that were written since have got an id, in the order in which they were added. */
	private function recognise(): void {
		$known   = $this->numbers;
		$ids     = array_values( array_filter( array_column( $this->stored(), 0 ), static fn( int $one ): bool => ! isset( $known[ $one ] ) ) );
		$waiting = array_slice( array_keys( array_filter( $this->rows, 'is_null' ) ), 0, count( $ids ) );
		foreach ( $waiting as $i => $number ) {
			$this->numbers[ $ids[ $i ] ] = $number;
			$this->rows[ $number ]       = $ids[ $i ];
		}
	}

	/** An id of the row that was added as the number-th of those that are there; a wrong one if there is none. */
	private function handle( int $number ): int {
		$left = array_keys( $this->rows );
		$row  = $left === [] ? -1 : $left[ $number % count( $left ) ];
		$ids  = array_keys( $this->numbers, $row, true );
		return $ids === [] ? 1099511627776 : $ids[ intdiv( $number, 2 ) % count( $ids ) ];
	}

	/** @return mixed without what must differ: ids, by their place. By its value, a count of a few rows could be taken for one. */
	private function told( $value ) {
		if ( $value instanceof \stdClass && isset( $value->meta_id ) ) {
			return [ 'row', $this->number( $value->meta_id ), $value->meta_key, $this->told( $value->meta_value ), $this->object( $value->post_id ) ];
		}
		if ( is_object( $value ) ) {
			return [ get_class( $value ), (array) $value ];
		}
		if ( is_array( $value ) ) {
			return array_map( [ $this, 'told' ], $value );
		}
		return is_string( $value ) && strpos( $value, 'only_' ) === 0 ? 'only_' : $value;
	}

	/** @return array{int, string, ?string}[] past WordPress, and past combining */
	private function stored(): array {
		global $wpdb;
		$rows = mysqli_fetch_all( mysqli_query( $wpdb->dbh, "SELECT meta_id, meta_key, meta_value FROM $wpdb->postmeta WHERE post_id = $this->id ORDER BY meta_id" ) );
		return array_map( static fn( array $row ): array => [ (int) $row[0], preg_replace( '/^only_.*/', 'only_', $row[1] ), $row[2] ], $rows );
	}
}
