<?php
namespace TicketMetadata\Bridges;

/** KB Support, whose tickets are posts, whose statuses are post statuses, and whose customers have a table of their own. */
final class KbSupport implements Bridge, CombinesWrites, ConfirmsDeletion, DatesTickets, LinksTickets, RemembersTickets {

	/** Tickets per query. */
	private const POSTS_MAX = 500;

	/** The key for a post status that KB Support does not register, such as that of a ticket restored from the trash. */
	public const OTHER = 'other';

	/** What this PHP request knows, whichever object of this class asks. */
	private static ?RequestPosts $posts = null;

	private static ?KbSupportUsers $users = null;

	public function slug(): string {
		return 'kb-support';
	}

	public function name(): string {
		return 'KB Support';
	}

	public function isActive(): bool {
		return defined( 'KBS_VERSION' );
	}

	public function listen( callable $mark ): void {
		( new KbSupportHooks( $mark ) )->add();
		KbSupportCustomers::listen( $mark );
		self::$posts = new RequestPosts( 'kbs_ticket', KbSupportPosts::META_KEYS, KbSupportPosts::TAXONOMIES );
		self::$posts->listen();
		self::$users = new KbSupportUsers();
		self::$users->listen();
	}

	/** The users of customers may cost a query, so it is all tickets or none: the query for the rest brings the users too. */
	public function remembered( array $ids ): array {
		$posts     = self::$posts === null ? [] : self::$posts->known( $ids );
		$customers = array_map( static fn( ?array $known ): ?int => $known === null ? 0 : KbSupportPosts::customer( $known[1] ), $posts );
		if ( count( $posts ) < count( $ids ) || in_array( null, $customers, true ) ) {
			return array_filter( $posts, 'is_null' );
		}
		$users      = self::$users->of( array_values( array_unique( array_filter( $customers ) ) ) );
		$statuses   = $this->statuses();
		$toSnapshot = static fn( ?array $known, int $customer ): ?array => $known === null ? null : KbSupportPosts::snapshot( $known[0], $known[1], $known[2], Cell::id( $users[ $customer ] ?? 0 ), $statuses );
		return array_combine( array_keys( $posts ), array_map( $toSnapshot, $posts, $customers ) );
	}

	public function snapshots( array $ids ): array {
		$snapshots = [];
		$statuses  = $this->statuses();
		foreach ( array_chunk( $ids, self::POSTS_MAX ) as $some ) {
			$snapshots += KbSupportPosts::snapshots( $some, $statuses );
		}
		return $snapshots;
	}

	public function dates( array $ids ): array {
		$statuses = $this->statuses();
		$isClosed = static fn( string $status ): bool => ( $statuses[ $status ]['default'] ?? 'open' ) === 'closed';
		return PostLife::dates( $ids, KbSupportPosts::DATE_KEYS, static fn( array $meta, string $status ) => $isClosed( $status ) ? KbSupportPosts::closedAt( $meta ) : false );
	}

	public function deleted( array $ids ): array {
		return PostLife::deleted( $ids );
	}

	public function editUrl( int $id ): string {
		return PostLife::editUrl( $id );
	}

	public function ids( int $after, int $limit ): array {
		global $wpdb;
		return Rows::ids( $wpdb->prepare( "SELECT p.ID FROM $wpdb->posts p WHERE " . KbSupportPosts::isTicket() . ' AND p.ID > %d ORDER BY p.ID LIMIT %d', $after, $limit ) );
	}

	public function count(): int {
		global $wpdb;
		return Rows::ids( "SELECT COUNT(*) FROM $wpdb->posts p WHERE " . KbSupportPosts::isTicket() )[0];
	}

	/**
	 * The post statuses that KB Support and its add-ons register. Not those of kbs_get_ticket_statuses(): some versions
	 * return them without their keys.
	 */
	public function statuses(): array {
		$registered = array_map( static fn( \stdClass $status ): string => (string) $status->label, get_post_stati( [ 'kb-support' => true ], 'objects' ) );
		// A page may end before KB Support registers them.
		$labels = $registered + [
			'new'       => __( 'New', 'ticket-metadata' ),
			'open'      => __( 'Open', 'ticket-metadata' ),
			'hold'      => __( 'On Hold', 'ticket-metadata' ),
			'closed'    => __( 'Closed', 'ticket-metadata' ),
			self::OTHER => __( 'Another status', 'ticket-metadata' ),
		];
		$inactive = function_exists( 'kbs_get_inactive_ticket_statuses' ) ? (array) kbs_get_inactive_ticket_statuses() : [];
		$statuses = [];
		foreach ( $labels as $key => $label ) {
			$isClosed         = $key === 'closed' || in_array( $key, $inactive, true );
			$statuses[ $key ] = [ 'label' => $label, 'default' => $isClosed ? 'closed' : ( $key === 'hold' ? 'on-hold' : 'open' ) ];
		}
		return $statuses;
	}

	public function idsOfPerson( string $email, int $after, int $limit ): array {
		return KbSupportCustomers::ticketsOf( KbSupportCustomers::idsOfPerson( $email ), $after, $limit );
	}

	public function postTypes(): array {
		return [ 'kbs_ticket', 'kbs_ticket_reply', 'kbs_log' ];
	}

	public function agentCounters(): array {
		return [ 'kbs_open_tickets' ];
	}
}
