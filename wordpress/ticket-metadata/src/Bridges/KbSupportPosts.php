<?php
namespace TicketMetadata\Bridges;

/** KB Support's tickets in WordPress's own tables. */
final class KbSupportPosts {

	/** The meta key of what opens a ticket for anybody who knows it. Every ticket has one, and it never leaves the site. */
	public const KEY = '_kbs_ticket_key';

	/** The meta key of the customer's id in KB Support's own table. */
	public const CUSTOMER = '_kbs_ticket_customer_id';

	/** The meta key of the agent's user id. */
	public const AGENT = '_kbs_ticket_agent_id';

	private const NAME_BY_TAXONOMY = [ 'ticket_category' => 'category', 'department' => 'department', 'ticket_source' => 'channel' ];

	/** The statuses in which a post may not be a ticket yet. */
	private const OF_NO_TICKET = "'auto-draft', 'draft', 'trash'";

	/** The condition on posts p. A draft or a post in the trash is a ticket if it has a key. */
	public static function isTicket(): string {
		global $wpdb;
		return "p.post_type = 'kbs_ticket' AND (p.post_status NOT IN (" . self::OF_NO_TICKET . ") OR EXISTS (SELECT 1 FROM $wpdb->postmeta k WHERE k.post_id = p.ID AND k.meta_key = '" . self::KEY . "' AND k.meta_value <> ''))";
	}

	/**
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	public static function snapshots( array $ids, array $statuses ): array {
		global $wpdb;
		$list      = Rows::list( $ids );
		$posts     = Rows::of( "SELECT p.ID, p.post_title, p.post_status, p.post_date, p.post_date_gmt FROM $wpdb->posts p WHERE p.ID IN ($list) AND " . self::isTicket() );
		$meta      = PostTables::meta( $list, [ self::CUSTOMER, self::AGENT ] );
		$terms     = PostTables::terms( $list, self::NAME_BY_TAXONOMY );
		$users     = KbSupportCustomers::usersOf( array_column( $meta, self::CUSTOMER ) );
		$snapshots = [];
		foreach ( $posts as $post ) {
			$id               = (int) $post->ID;
			$snapshots[ $id ] = self::snapshot( $post, $meta[ $id ] ?? [], $terms[ $id ] ?? [], $users, $statuses );
		}
		return $snapshots;
	}

	/**
	 * Nothing else leaves the site. In particular not the key, which opens the ticket for anybody, and not the address.
	 *
	 * @param array<int, int> $users by customer
	 */
	private static function snapshot( \stdClass $post, array $meta, array $terms, array $users, array $statuses ): array {
		$isDeleted = $post->post_status === 'trash';
		$status    = isset( $statuses[ $post->post_status ] ) ? $post->post_status : KbSupport::OTHER;
		$customer  = (int) Cell::id( $meta[ self::CUSTOMER ] ?? '' );
		$user      = $users[ $customer ] ?? null;
		$snapshot  = [
			'customer_id'   => $user,
			'subject'       => Cell::text( $post->post_title ),
			'status'        => $isDeleted ? 'closed' : $status,
			'category'      => $terms['category'] ?? null,
			// KB Support has no priorities.
			'priority'      => null,
			'channel'       => $terms['channel'] ?? null,
			// Additional agents of a ticket have no field in the service.
			'assigned_to'   => Cell::id( $meta[ self::AGENT ] ?? '' ),
			// WordPress leaves the UTC date of a draft empty.
			'created_at'    => Cell::utc( $post->post_date_gmt ) ?? Cell::local( $post->post_date ),
			'custom_fields' => [
				'deleted'    => $isDeleted ? true : null,
				'department' => $terms['department'] ?? null,
			],
		];
		return $user === null ? $snapshot + [ 'guest_id' => Cell::id( $customer ) ] : $snapshot;
	}
}
