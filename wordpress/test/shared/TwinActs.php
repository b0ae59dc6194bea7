<?php
namespace TicketMetadata\Test;

/** What can happen to a twin, by name. Rows are told by a number, which the twin has an id for. */
final class TwinActs {

	public static function add( int $id, callable $row, string $key, $value, bool $isUnique ) {
		return add_post_meta( $id, $key, $value, $isUnique );
	}

	public static function update( int $id, callable $row, string $key, $value, $previous ) {
		return update_post_meta( $id, $key, $value, $previous );
	}

	/** With the value that it has as the previous one. */
	public static function exchange( int $id, callable $row, string $key, $value ) {
		return update_post_meta( $id, $key, $value, get_post_meta( $id, $key, true ) );
	}

	public static function delete( int $id, callable $row, string $key, $value ) {
		return delete_post_meta( $id, $key, $value );
	}

	/** Exactly the value that it has, slashed as the function wants it. */
	public static function deleteValue( int $id, callable $row, string $key ) {
		return delete_post_meta( $id, $key, wp_slash( get_post_meta( $id, $key, true ) ) );
	}

	/** Of all posts: of a key that only the twin has. */
	public static function deleteOfAll( int $id, callable $row, bool $isAddedBefore ) {
		$key = 'only_' . get_post_type( $id );
		if ( $isAddedBefore ) {
			add_post_meta( $id, $key, 'x' );
		}
		return delete_post_meta_by_key( $key );
	}

	public static function get( int $id, callable $row, string $key, bool $isSingle ) {
		return get_post_meta( $id, $key, $isSingle );
	}

	public static function all( int $id, callable $row, bool $isSingle ) {
		return get_post_meta( $id, '', $isSingle );
	}

	public static function exists( int $id, callable $row, string $key ) {
		return metadata_exists( 'post', $id, $key );
	}

	public static function keys( int $id ) {
		return get_post_custom_keys( $id );
	}

	public static function getRow( int $id, callable $row, int $number ) {
		return get_metadata_by_mid( 'post', $row( $number ) );
	}

	public static function updateRow( int $id, callable $row, int $number, $value, $key ) {
		return update_metadata_by_mid( 'post', $row( $number ), $value, $key );
	}

	public static function deleteRow( int $id, callable $row, int $number ) {
		return delete_metadata_by_mid( 'post', $row( $number ) );
	}

	/** Another program's look at the table. */
	public static function select( int $id ) {
		global $wpdb;
		return $wpdb->get_results( "SELECT meta_key, meta_value FROM $wpdb->postmeta WHERE post_id = $id AND meta_key NOT LIKE 'only%' ORDER BY meta_id", ARRAY_N );
	}

	public static function join( int $id ) {
		global $wpdb;
		return $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->posts p JOIN $wpdb->postmeta m ON m.post_id = p.ID WHERE p.ID = $id" );
	}

	/** Another program's write to the table. */
	public static function write( int $id, callable $row, string $value ) {
		global $wpdb;
		$changed = $wpdb->query( $wpdb->prepare( "UPDATE $wpdb->postmeta SET meta_value = %s WHERE post_id = %d AND meta_key = 'a'", $value, $id ) );
		clean_post_cache( $id );
		return $changed;
	}

	/** A transaction, of which nothing may be left: of a row that is there, because the twin would count one that never comes to be. */
	public static function rollBack( int $id, callable $row, string $key, $value ) {
		global $wpdb;
		if ( ! metadata_exists( 'post', $id, $key ) ) {
			return null;
		}
		$wpdb->query( 'START TRANSACTION' );
		$result = update_post_meta( $id, $key, $value );
		$wpdb->query( 'ROLLBACK' );
		clean_post_cache( $id );
		return (bool) $result;
	}

	public static function query( int $id, callable $row, string $key ) {
		return count( get_posts( [ 'post_type' => get_post_type( $id ), 'include' => [ $id ], 'meta_key' => $key, 'suppress_filters' => true ] ) );
	}

	public static function forget( int $id ) {
		return update_meta_cache( 'post', [ $id ] ) !== false;
	}

	public static function save( int $id, callable $row, string $title, $value ) {
		return wp_update_post( [ 'ID' => $id, 'post_title' => $title, 'meta_input' => [ 'a' => $value ] ] ) === $id;
	}
}
