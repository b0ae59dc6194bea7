<?php
namespace TicketMetadata\Test;

/** What the tables hold of the tickets, without what differs between two runs: ids, times, guids and slugs. */
final class DeskTables {

	private const TYPES = "('ticket', 'ticket_reply', 'ticket_history', 'ticket_log')";

	/** Columns with the id of a post. */
	private const IDS = [ 'ID', 'post_parent', 'post_id', 'object_id' ];

	/** @return array<string, string> a digest by table, past WordPress and past combining */
	public static function states( \mysqli $mysqli ): array {
		$prefix = getenv( 'WORDPRESS_TABLE_PREFIX' );
		$posts  = "SELECT ID FROM {$prefix}posts WHERE post_type IN " . self::TYPES;
		$rows   = [
			'posts'         => "SELECT ID, post_type, post_status, SUBSTRING_INDEX(post_title, '#', 1), post_parent FROM {$prefix}posts WHERE post_type IN " . self::TYPES . ' ORDER BY ID',
			'postmeta'      => "SELECT post_id, meta_key, IF(meta_value LIKE '20__-%', 'a time', meta_value) FROM {$prefix}postmeta WHERE post_id IN ($posts) ORDER BY post_id, meta_key, meta_id",
			'relationships' => "SELECT object_id FROM {$prefix}term_relationships WHERE object_id IN ($posts) ORDER BY object_id",
			'usermeta'      => "SELECT meta_value FROM {$prefix}usermeta WHERE meta_key = '{$prefix}wpas_open_tickets'",
			'counts'        => "SELECT taxonomy, count FROM {$prefix}term_taxonomy WHERE taxonomy IN ('twin_log', 'ticket_channel') ORDER BY taxonomy, term_id",
		];
		$ids  = array_flip( array_column( mysqli_fetch_all( mysqli_query( $mysqli, "$posts ORDER BY ID" ) ), 0 ) );
		// By the column: on a fresh database a value can be as small as an id.
		$cell = static fn( string $column, $cell ) => in_array( $column, self::IDS, true ) && isset( $ids[ $cell ] ) ? "post $ids[$cell]" : $cell;
		$told = static fn( array $row ): array => array_map( $cell, array_keys( $row ), $row );
		return array_map( static fn( string $query ): string => json_encode( array_map( $told, mysqli_fetch_all( mysqli_query( $mysqli, $query ), MYSQLI_ASSOC ) ) ), $rows );
	}

	/** @return int meta of posts that are not there */
	public static function orphans( \mysqli $mysqli ): int {
		$prefix = getenv( 'WORDPRESS_TABLE_PREFIX' );
		return (int) mysqli_fetch_row( mysqli_query( $mysqli, "SELECT COUNT(*) FROM {$prefix}postmeta m LEFT JOIN {$prefix}posts p ON p.ID = m.post_id WHERE p.ID IS NULL" ) )[0];
	}

	public static function clear( \mysqli $mysqli ): void {
		$prefix = getenv( 'WORDPRESS_TABLE_PREFIX' );
		mysqli_query( $mysqli, "DELETE m FROM {$prefix}postmeta m LEFT JOIN {$prefix}posts p ON p.ID = m.post_id WHERE p.ID IS NULL OR p.post_type IN " . self::TYPES );
		mysqli_query( $mysqli, "DELETE r FROM {$prefix}term_relationships r JOIN {$prefix}posts p ON p.ID = r.object_id WHERE p.post_type IN " . self::TYPES );
		mysqli_query( $mysqli, "DELETE FROM {$prefix}posts WHERE post_type IN " . self::TYPES );
		mysqli_query( $mysqli, "DELETE FROM {$prefix}usermeta WHERE meta_key = '{$prefix}wpas_open_tickets'" );
		mysqli_query( $mysqli, "UPDATE {$prefix}term_taxonomy SET count = 0 WHERE taxonomy IN ('twin_log', 'ticket_channel')" );
	}
}
