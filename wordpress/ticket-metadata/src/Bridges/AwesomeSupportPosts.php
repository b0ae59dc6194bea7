<?php
namespace TicketMetadata\Bridges;

/** Awesome Support's tickets in WordPress's own tables. */
final class AwesomeSupportPosts {

	private const FIELD_BY_TAXONOMY = [ 'department' => 'category', 'ticket_priority' => 'priority', 'ticket_channel' => 'channel' ];

	/**
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	public static function snapshots( array $ids, array $statuses ): array {
		global $wpdb;
		$list      = Rows::list( $ids );
		$meta      = PostTables::meta( $list, [ '_wpas_status', '_wpas_assignee' ] );
		$terms     = PostTables::terms( $list, self::FIELD_BY_TAXONOMY );
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
}
