<?php
namespace TicketMetadata\Bridges;

/**
 * Awesome Support's tickets in WordPress's own tables. Read by SQL, because WordPress's functions answer from caches
 * and do not know a taxonomy that was registered on another site of the network.
 */
final class AwesomeSupportPosts {

	public const META_KEYS = [ '_wpas_status', '_wpas_assignee' ];

	public const TAXONOMIES = [ 'department', 'ticket_priority', 'ticket_channel' ];

	/** The status, and when the ticket was closed last: Awesome Support keeps that when it is reopened. */
	public const DATE_KEYS = [ '_wpas_status', '_ticket_closed_on', '_ticket_closed_on_gmt' ];

	/**
	 * In one statement.
	 *
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	public static function snapshots( array $ids, array $statuses ): array {
		global $wpdb;
		$columns = [ 'p.ID', 'p.post_author', 'p.post_title', 'p.post_status', 'p.post_date', 'p.post_date_gmt' ];
		foreach ( self::META_KEYS as $key ) {
			// The first, as get_post_meta() answers it.
			$columns[] = "(SELECT m.meta_value FROM $wpdb->postmeta m WHERE m.post_id = p.ID AND m.meta_key = '$key' ORDER BY m.meta_id LIMIT 1) AS $key";
		}
		foreach ( self::TAXONOMIES as $taxonomy ) {
			// The first by name, where there are several.
			$columns[] = "(SELECT t.name FROM $wpdb->term_relationships r JOIN $wpdb->term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id JOIN $wpdb->terms t ON t.term_id = x.term_id WHERE r.object_id = p.ID AND x.taxonomy = '$taxonomy' ORDER BY t.name, t.term_id LIMIT 1) AS $taxonomy";
		}
		$snapshots = [];
		foreach ( Rows::of( 'SELECT ' . implode( ', ', $columns ) . " FROM $wpdb->posts p WHERE p.ID IN (" . Rows::list( $ids ) . ") AND p.post_type = 'ticket'" ) as $row ) {
			$values   = get_object_vars( $row );
			$snapshot = self::snapshot( $row, $values, $values, $statuses );
			if ( $snapshot !== null ) {
				$snapshots[ (int) $row->ID ] = $snapshot;
			}
		}
		return $snapshots;
	}

	/**
	 * @param array<string, string> $meta by key
	 * @return int|null|false Unix seconds; null: nobody knows; false: it is open
	 */
	public static function closedAt( array $meta ) {
		if ( ( $meta['_wpas_status'] ?? '' ) !== 'closed' ) {
			return false;
		}
		return Cell::utc( $meta['_ticket_closed_on_gmt'] ?? '' ) ?? Cell::local( $meta['_ticket_closed_on'] ?? '' );
	}

	/**
	 * @param object                 $post  post_author, post_title, post_status, post_date, post_date_gmt
	 * @param array<string, ?string> $meta  by key
	 * @param array<string, ?string> $terms names by taxonomy
	 * @return array|null null: it is no ticket yet
	 */
	public static function snapshot( object $post, array $meta, array $terms, array $statuses ): ?array {
		if ( (string) $meta['_wpas_status'] === '' ) {
			return null;
		}
		$isDeleted = $post->post_status === 'trash';
		$isClosed  = $isDeleted || $meta['_wpas_status'] === 'closed';
		// A closed ticket keeps the state it had when it was closed.
		$state = isset( $statuses[ $post->post_status ] ) ? $post->post_status : 'open';
		return [
			'customer_id'   => Cell::id( $post->post_author ),
			'subject'       => Cell::text( $post->post_title ),
			'status'        => $isClosed ? 'closed' : $state,
			'category'      => Cell::text( $terms['department'] ),
			'priority'      => Cell::text( $terms['ticket_priority'] ),
			'channel'       => Cell::text( $terms['ticket_channel'] ),
			'assigned_to'   => Cell::id( $meta['_wpas_assignee'] ),
			// WordPress leaves the UTC date of a draft empty.
			'created_at'    => Cell::utc( $post->post_date_gmt ) ?? Cell::local( $post->post_date ),
			'custom_fields' => [ 'deleted' => $isDeleted ? true : null ],
		];
	}
}
