<?php
namespace TicketMetadata\Bridges;

/** Reads the tables of the current blog, past every cache. */
final class Rows {

	/**
	 * What could not be read must not look like what is not there: a ticket that is not there gets closed. WordPress
	 * answers both with an empty list.
	 *
	 * @return \stdClass[]
	 * @throws \RuntimeException when the database did not answer.
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

	/** @param int[] $ids As a list for IN, which may not be empty: no row has the id 0. */
	public static function list( array $ids ): string {
		return implode( ',', array_map( 'intval', $ids ) ) ?: '0';
	}
}
