<?php
namespace TicketMetadata\Bridges;

/**
 * Awesome Support's tickets in WordPress's own tables. Read by SQL, because WordPress's functions answer from caches
 * and do not know a taxonomy that was registered on another site of the network.
 */
final class AwesomeSupportPosts {

	private const FIELD_BY_TAXONOMY = [ 'department' => 'category', 'ticket_priority' => 'priority', 'ticket_channel' => 'channel' ];

	/**
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	public static function snapshots( array $ids, array $statuses ): array {
		global $wpdb;
		$list      = Rows::list( $ids );
		$meta      = self::meta( $list );
		$terms     = self::terms( $list );
		$snapshots = [];
		$posts     = Rows::of( "SELECT ID, post_author, post_title, post_status, post_date, post_date_gmt FROM $wpdb->posts WHERE ID IN ($list) AND post_type = 'ticket'" );
		foreach ( $posts as $post ) {
			$id     = (int) $post->ID;
			$status = $meta[ $id ]['_wpas_status'] ?? '';
			if ( $status !== '' ) {
				$snapshots[ $id ] = self::snapshot( $post, $meta[ $id ], $terms[ $id ] ?? [], $statuses );
			}
		}
		return $snapshots;
	}

	private static function snapshot( \stdClass $post, array $meta, array $terms, array $statuses ): array {
		$isDeleted = $post->post_status === 'trash';
		$isClosed  = $isDeleted || $meta['_wpas_status'] === 'closed';
		// A closed ticket keeps the state it had when it was closed.
		$state = isset( $statuses[ $post->post_status ] ) ? $post->post_status : 'open';
		return [
			'customer_id'   => Cell::id( $post->post_author ),
			'subject'       => Cell::text( $post->post_title ),
			'status'        => $isClosed ? 'closed' : $state,
			'category'      => $terms['category'] ?? null,
			'priority'      => $terms['priority'] ?? null,
			'channel'       => $terms['channel'] ?? null,
			'assigned_to'   => Cell::id( $meta['_wpas_assignee'] ?? '' ),
			// WordPress leaves the UTC date of a draft empty.
			'created_at'    => Cell::utc( $post->post_date_gmt ) ?? Cell::local( $post->post_date ),
			'custom_fields' => [ 'deleted' => $isDeleted ? true : null ],
		];
	}

	/** @return array<int, array<string, string>> the first of each key, as get_post_meta() answers it */
	private static function meta( string $list ): array {
		global $wpdb;
		$meta = [];
		foreach ( Rows::of( "SELECT post_id, meta_key, meta_value FROM $wpdb->postmeta WHERE post_id IN ($list) AND meta_key IN ('_wpas_status', '_wpas_assignee') ORDER BY meta_id" ) as $row ) {
			$meta[ (int) $row->post_id ][ $row->meta_key ] ??= (string) $row->meta_value;
		}
		return $meta;
	}

	/** @return array<int, array<string, ?string>> the first by name, where there are several */
	private static function terms( string $list ): array {
		global $wpdb;
		$terms = [];
		$rows  = Rows::of(
			"SELECT r.object_id, x.taxonomy, t.name FROM $wpdb->term_relationships r
			JOIN $wpdb->term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id
			JOIN $wpdb->terms t ON t.term_id = x.term_id
			WHERE r.object_id IN ($list) AND x.taxonomy IN ('department', 'ticket_priority', 'ticket_channel') ORDER BY t.name, t.term_id"
		);
		foreach ( $rows as $row ) {
			$terms[ (int) $row->object_id ][ self::FIELD_BY_TAXONOMY[ $row->taxonomy ] ] ??= Cell::text( $row->name );
		}
		return $terms;
	}
}
