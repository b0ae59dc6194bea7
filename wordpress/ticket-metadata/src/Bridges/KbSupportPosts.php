<?php
namespace TicketMetadata\Bridges;

/**
 * KB Support's tickets in WordPress's own tables. Read by SQL, because WordPress's functions answer from caches and do not
 * know a taxonomy that was registered on another site of the network.
 */
final class KbSupportPosts {

	/** The meta key of what opens a ticket for anybody who knows it. Every ticket has one, and it never leaves the site. */
	private const KEY = '_kbs_ticket_key';

	/** The meta key of the customer's id in KB Support's own table. */
	public const CUSTOMER = '_kbs_ticket_customer_id';

	/** The meta key of the agent's user id. */
	private const AGENT = '_kbs_ticket_agent_id';

	/** The meta key with which a post becomes a ticket. */
	public const FIRST_META_KEY = self::KEY;

	public const META_KEYS = [ self::KEY, self::CUSTOMER, self::AGENT ];

	public const TAXONOMIES = [ 'ticket_category', 'department', 'ticket_source' ];

	/** When the ticket was closed for the first time, in the site's time zone, and when its status changed last, as WordPress's "timestamp" of that zone. */
	private const CLOSED         = '_kbs_ticket_closed_date';
	private const STATUS_CHANGED = '_kbs_ticket_last_status_change';

	public const DATE_KEYS = [ self::CLOSED, self::STATUS_CHANGED ];

	/** The statuses in which a post is a ticket only if it has a key. */
	private const UNSAVED = [ 'auto-draft', 'draft', 'trash' ];

	/** The condition on posts p. */
	public static function isTicket(): string {
		global $wpdb;
		return "p.post_type = 'kbs_ticket' AND (p.post_status NOT IN ('" . implode( "', '", self::UNSAVED ) . "') OR EXISTS (SELECT 1 FROM $wpdb->postmeta k WHERE k.post_id = p.ID AND k.meta_key = '" . self::KEY . "' AND k.meta_value <> ''))";
	}

	/**
	 * In one statement.
	 *
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	public static function snapshots( array $ids, array $statuses ): array {
		global $wpdb;
		$columns = [ 'p.ID', 'p.post_title', 'p.post_status', 'p.post_date', 'p.post_date_gmt', KbSupportCustomers::userOfTicket() . ' AS user' ];
		foreach ( self::META_KEYS as $key ) {
			// The first, as get_post_meta() answers it.
			$columns[] = "(SELECT m.meta_value FROM $wpdb->postmeta m WHERE m.post_id = p.ID AND m.meta_key = '$key' ORDER BY m.meta_id LIMIT 1) AS $key";
		}
		foreach ( self::TAXONOMIES as $taxonomy ) {
			// The first by name, where there are several.
			$columns[] = "(SELECT t.name FROM $wpdb->term_relationships r JOIN $wpdb->term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id JOIN $wpdb->terms t ON t.term_id = x.term_id WHERE r.object_id = p.ID AND x.taxonomy = '$taxonomy' ORDER BY t.name, t.term_id LIMIT 1) AS $taxonomy";
		}
		$snapshots = [];
		foreach ( Rows::of( 'SELECT ' . implode( ', ', $columns ) . " FROM $wpdb->posts p WHERE p.ID IN (" . Rows::list( $ids ) . ") AND p.post_type = 'kbs_ticket'" ) as $row ) {
			$values   = get_object_vars( $row );
			$snapshot = self::snapshot( $row, $values, $values, Cell::id( $row->user ), $statuses );
			if ( $snapshot !== null ) {
				$snapshots[ (int) $row->ID ] = $snapshot;
			}
		}
		return $snapshots;
	}

	/**
	 * @param array<string, string> $meta by key, as get_post_meta() answers it
	 * @return int|null the customer's id, 0 for none; null: the database has its own way to read that
	 */
	public static function customer( array $meta ): ?int {
		$value = $meta[ self::CUSTOMER ];
		return $value === '' || ctype_digit( $value ) ? (int) $value : null;
	}

	/**
	 * When a closed ticket was closed: KB Support does not note a second time.
	 *
	 * @param array<string, string> $meta by key
	 * @return int|null Unix seconds; null: nobody knows
	 */
	public static function closedAt( array $meta ): ?int {
		$changed = Cell::id( $meta[ self::STATUS_CHANGED ] ?? 0 );
		$times   = [ Cell::local( $meta[ self::CLOSED ] ?? '' ), $changed === null ? null : Cell::local( gmdate( 'Y-m-d H:i:s', $changed ) ) ];
		return max( $times );
	}

	/**
	 * Nothing else leaves the site. In particular not the key, which opens the ticket for anybody, and not the address.
	 *
	 * @param object                 $post  post_title, post_status, post_date, post_date_gmt
	 * @param array<string, ?string> $meta  by key
	 * @param array<string, ?string> $terms names by taxonomy
	 * @param int|null               $user  the customer's; null: a guest, or nobody
	 * @return array|null null: it is no ticket
	 */
	public static function snapshot( object $post, array $meta, array $terms, ?int $user, array $statuses ): ?array {
		if ( in_array( $post->post_status, self::UNSAVED, true ) && (string) $meta[ self::KEY ] === '' ) {
			return null;
		}
		$isDeleted = $post->post_status === 'trash';
		$status    = isset( $statuses[ $post->post_status ] ) ? $post->post_status : KbSupport::OTHER;
		$snapshot  = [
			'customer_id'   => $user,
			'subject'       => Cell::text( $post->post_title ),
			'status'        => $isDeleted ? 'closed' : $status,
			'category'      => Cell::text( $terms['ticket_category'] ),
			// KB Support has no priorities.
			'priority'      => null,
			'channel'       => Cell::text( $terms['ticket_source'] ),
			// Additional agents of a ticket have no field in the service.
			'assigned_to'   => Cell::id( $meta[ self::AGENT ] ),
			// WordPress leaves the UTC date of a draft empty.
			'created_at'    => Cell::utc( $post->post_date_gmt ) ?? Cell::local( $post->post_date ),
			'custom_fields' => [
				'deleted'    => $isDeleted ? true : null,
				'department' => Cell::text( $terms['department'] ),
			],
		];
		return $user === null ? $snapshot + [ 'guest_id' => Cell::id( $meta[ self::CUSTOMER ] ) ] : $snapshot;
	}
}
