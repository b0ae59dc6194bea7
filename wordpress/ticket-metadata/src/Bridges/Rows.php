<?php
namespace TicketMetadata\Bridges;

/** Reads the tables of the current site, bypassing every cache. */
final class Rows {

	/**
	 * A failed query must not look like an empty result, because a missing ticket gets closed. WordPress returns an empty
	 * list for both.
	 *
	 * @return \stdClass[]
	 * @throws \RuntimeException if the database did not answer.
	 */
	public static function of( string $query ): array {
		global $wpdb;
		if ( $wpdb->query( $query ) === false ) {
			throw new \RuntimeException( 'The database did not answer: ' . ( $wpdb->last_error ?: 'the connection is lost' ) );
		}
		return $wpdb->last_result;
	}

	/** @return int[] the first column */
	public static function ids( string $query ): array {
		$first = static function ( \stdClass $row ): int {
			return (int) current( get_object_vars( $row ) );
		};
		return array_map( $first, self::of( $query ) );
	}

	/** @param int[] $ids A list for IN, which must not be empty: no row has the id 0. */
	public static function list( array $ids ): string {
		return implode( ',', array_map( 'intval', $ids ) ) ?: '0';
	}
}
