<?php
namespace TicketMetadata\Bridges;

/** What posts keep of a ticket's life: when it changed, and that it was deleted. For bridges whose tickets are posts. */
final class PostLife {

	/** Posts per query. */
	private const POSTS_MAX = 500;

	/** When WordPress moved the post to the trash, in Unix seconds, and which status it had. */
	private const TRASHED_AT   = '_wp_trash_meta_time';
	private const TRASHED_FROM = '_wp_trash_meta_status';

	/**
	 * @param int[]                                              $ids
	 * @param string[]                                           $keys     of meta that $closedAt reads
	 * @param callable(array<string, string>, string): ?int|false $closedAt gets meta by key and the status, which for a trashed post is the one before; answers when the ticket was closed, null if nobody knows, false if it is open
	 * @return array<int, array{updated_at: ?int, closed_at: ?int}> by id, as DatesTickets has it
	 */
	public static function dates( array $ids, array $keys, callable $closedAt ): array {
		$dates = [];
		foreach ( array_chunk( $ids, self::POSTS_MAX ) as $some ) {
			$meta = self::meta( $some, array_merge( $keys, [ self::TRASHED_AT, self::TRASHED_FROM ] ) );
			foreach ( self::posts( $some, 'ID, post_status, post_modified, post_modified_gmt' ) as $post ) {
				$values    = $meta[ (int) $post->ID ] ?? [];
				$isTrashed = $post->post_status === 'trash';
				$closed    = $closedAt( $values, (string) ( $isTrashed ? $values[ self::TRASHED_FROM ] ?? '' : $post->post_status ) );
				$dates[ (int) $post->ID ] = [
					'updated_at' => Cell::utc( $post->post_modified_gmt ) ?? Cell::local( $post->post_modified ),
					// An open ticket is closed by being trashed.
					'closed_at'  => $closed === false ? ( $isTrashed ? Cell::id( $values[ self::TRASHED_AT ] ?? 0 ) : null ) : $closed,
				];
			}
		}
		return $dates;
	}

	/**
	 * @param int[] $ids
	 * @return int[] those of which there is no post, of whatever type or status
	 */
	public static function deleted( array $ids ): array {
		$there = [];
		foreach ( array_chunk( $ids, self::POSTS_MAX ) as $some ) {
			foreach ( self::posts( $some, 'ID' ) as $post ) {
				$there[] = (int) $post->ID;
			}
		}
		return array_values( array_diff( $ids, $there ) );
	}

	public static function editUrl( int $id ): string {
		// Not get_edit_post_link(), which reads the post.
		return admin_url( "post.php?post=$id&action=edit" );
	}

	/**
	 * @param int[] $ids
	 * @return \stdClass[]
	 */
	private static function posts( array $ids, string $columns ): array {
		global $wpdb;
		return Rows::of( "SELECT $columns FROM $wpdb->posts WHERE ID IN (" . Rows::list( $ids ) . ')' );
	}

	/**
	 * @param int[]    $ids
	 * @param string[] $keys
	 * @return array<int, array<string, string>> by post and key: the first, as get_post_meta() answers it
	 */
	private static function meta( array $ids, array $keys ): array {
		global $wpdb;
		$meta = [];
		$list = "'" . implode( "', '", $keys ) . "'";
		foreach ( Rows::of( "SELECT post_id, meta_key, meta_value FROM $wpdb->postmeta WHERE post_id IN (" . Rows::list( $ids ) . ") AND meta_key IN ($list) ORDER BY meta_id" ) as $row ) {
			$meta[ (int) $row->post_id ] = ( $meta[ (int) $row->post_id ] ?? [] ) + [ $row->meta_key => (string) $row->meta_value ];
		}
		return $meta;
	}
}
