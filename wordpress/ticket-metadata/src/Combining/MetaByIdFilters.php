<?php
namespace TicketMetadata\Combining;

/** WordPress's functions for one row of meta, by its id. See get_, update_ and delete_metadata_by_mid() in wp-includes/meta.php. */
final class MetaByIdFilters {

	private MetaBuffer $buffer;

	private Scope $scope;

	/** The post whose rows WordPress has listed, to delete one after the other. */
	private int $listed = 0;

	public function __construct( MetaBuffer $buffer, Scope $scope ) {
		$this->buffer = $buffer;
		$this->scope  = $scope;
	}

	public function listen(): void {
		add_filter( 'get_post_metadata_by_mid', [ $this, 'get' ], PHP_INT_MAX, 2 );
		add_filter( 'update_post_metadata_by_mid', [ $this, 'update' ], PHP_INT_MAX, 4 );
		add_filter( 'delete_post_metadata_by_mid', [ $this, 'delete' ], PHP_INT_MAX, 2 );
	}

	/** wp_delete_post() asks so for the rows that it deletes then. */
	public function noteQuery( string $query ): void {
		global $wpdb;
		$this->listed = preg_match( "/^SELECT meta_id FROM $wpdb->postmeta WHERE post_id = ([0-9]+) ?$/", $query, $found ) ? (int) $found[1] : $this->listed;
	}

	/** @return mixed null, or what get_metadata_by_mid() returns */
	public function get( $check, $id ) {
		$found = $check === null ? $this->find( $id ) : null;
		if ( $found === null ) {
			return $check;
		}
		[ $object, $row ] = $found;
		$meta             = [
			'meta_id'    => (string) $row->id,
			'post_id'    => (string) $object,
			'meta_key'   => $row->key,
			'meta_value' => maybe_unserialize( $row->value ),
		];
		return (object) $meta;
	}

	/** @return mixed null, or what update_metadata_by_mid() returns */
	public function update( $check, $id, $value, $newKey ) {
		$found = $check === null ? $this->held( $id ) : null;
		if ( $found === null ) {
			return $check;
		}
		[ $object, $row ] = $found;
		if ( $newKey !== false && ! is_string( $newKey ) ) {
			return false;
		}
		$key       = $newKey === false ? $row->key : $newKey;
		$sanitized = sanitize_meta( $key, $value, 'post', get_post_type( $object ) );
		$stored    = maybe_serialize( $sanitized );
		$asStored  = MetaRow::stored( $sanitized );
		do_action( 'update_post_meta', $id, (string) $object, $key, $value );
		do_action( 'update_postmeta', $id, (string) $object, $key, $stored );
		// A listener may have had everything written, or have deleted the row.
		$found   = $this->find( $id, $object );
		$isEqual = $found !== null && $found[1]->key === $key && $found[1]->value === $asStored;
		if ( $found === null || $isEqual || ! $this->buffer->table->isStorable( 'meta_key', $key ) || ! $this->buffer->table->isStorable( 'meta_value', $asStored ) ) {
			return false;
		}
		$this->buffer->change( $object, $found[1], $key, $asStored );
		wp_cache_delete( $object, 'post_meta' );
		do_action( 'updated_post_meta', $id, (string) $object, $key, $value );
		do_action( 'updated_postmeta', $id, (string) $object, $key, $stored );
		return true;
	}

	/** @return mixed null, or what delete_metadata_by_mid() returns */
	public function delete( $check, $id ) {
		$found = $check === null ? $this->held( $id ) : null;
		if ( $found === null ) {
			return $check;
		}
		[ $object, $row ] = $found;
		$value            = maybe_unserialize( $row->value );
		do_action( 'delete_post_meta', (array) $id, $object, $row->key, $value );
		do_action( 'delete_postmeta', $id );
		try {
			$isDone = $this->buffer->delete( $object, [ $id ] ) > 0;
		} catch ( Unreadable $error ) {
			$isDone = false;
		}
		wp_cache_delete( $object, 'post_meta' );
		do_action( 'deleted_post_meta', (array) $id, $object, $row->key, $value );
		do_action( 'deleted_postmeta', $id );
		return $isDone;
	}

	/** @return array{int, MetaRow}|null */
	private function held( int $id ): ?array {
		if ( Combining::writesAtOnce() || ! $this->buffer->table->isCurrent() ) {
			return null;
		}
		$this->buffer->makeRoom();
		$isOfListed = $this->listed > 0 && $this->scope->hasPostType( (string) get_post_type( $this->listed ) );
		return $this->find( $id, $isOfListed ? $this->listed : 0 );
	}

	/**
	 * @param int $object whose row it may be; 0: that of an object whose rows are held
	 * @return array{int, MetaRow}|null
	 */
	private function find( int $id, int $object = 0 ): ?array {
		try {
			if ( $object > 0 ) {
				$this->buffer->rows( $object );
			}
			return $this->buffer->find( $id );
		} catch ( Unreadable $error ) {
			return null;
		}
	}
}
