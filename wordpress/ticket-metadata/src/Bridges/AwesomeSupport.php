<?php
namespace TicketMetadata\Bridges;

/** Awesome Support, whose tickets are posts. */
final class AwesomeSupport implements Bridge, CombinesWrites, ConfirmsDeletion, DatesTickets, LinksTickets, RemembersTickets {

	/** Tickets per query. */
	private const POSTS_MAX = 500;

	/** What counts as a ticket: other plugins use the post type too, and a post without status is an agent's draft. */
	private const IS_TICKET = "p.post_type = 'ticket' AND EXISTS (SELECT 1 FROM %s m WHERE m.post_id = p.ID AND m.meta_key = '_wpas_status' AND m.meta_value <> '')";

	/** What this PHP request knows, whichever object of this class asks. */
	private static ?RequestPosts $posts = null;

	public function slug(): string {
		return 'awesome-support';
	}

	public function name(): string {
		return 'Awesome Support';
	}

	public function isActive(): bool {
		return defined( 'WPAS_VERSION' );
	}

	public function listen( callable $mark ): void {
		( new AwesomeSupportHooks( $mark ) )->add();
		self::$posts = new RequestPosts( 'ticket', AwesomeSupportPosts::META_KEYS, AwesomeSupportPosts::TAXONOMIES );
		self::$posts->listen();
	}

	public function remembered( array $ids ): array {
		$statuses   = $this->statuses();
		$toSnapshot = static fn( ?array $known ): ?array => $known === null ? null : AwesomeSupportPosts::snapshot( $known[0], $known[1], $known[2], $statuses );
		return self::$posts === null ? [] : array_map( $toSnapshot, self::$posts->known( $ids ) );
	}

	public function snapshots( array $ids ): array {
		$snapshots = [];
		$statuses  = $this->statuses();
		foreach ( array_chunk( $ids, self::POSTS_MAX ) as $some ) {
			$snapshots += AwesomeSupportPosts::snapshots( $some, $statuses );
		}
		return $snapshots;
	}

	public function dates( array $ids ): array {
		return PostLife::dates( $ids, AwesomeSupportPosts::DATE_KEYS, [ AwesomeSupportPosts::class, 'closedAt' ] );
	}

	public function deleted( array $ids ): array {
		return PostLife::deleted( $ids );
	}

	public function editUrl( int $id ): string {
		return PostLife::editUrl( $id );
	}

	public function ids( int $after, int $limit ): array {
		global $wpdb;
		return Rows::ids( $wpdb->prepare( "SELECT p.ID FROM $wpdb->posts p WHERE " . self::isTicket() . ' AND p.ID > %d ORDER BY p.ID LIMIT %d', $after, $limit ) );
	}

	public function count(): int {
		global $wpdb;
		return Rows::ids( "SELECT COUNT(*) FROM $wpdb->posts p WHERE " . self::isTicket() )[0];
	}

	/** The keys are those of wpas_get_ticket_status_state_slug(). */
	public function statuses(): array {
		$states = function_exists( 'wpas_get_post_status' ) ? wpas_get_post_status() : [];
		$labels = is_array( $states ) ? $states : [];
		$labels += [
			'queued'     => __( 'New', 'ticket-metadata' ),
			'processing' => __( 'In Progress', 'ticket-metadata' ),
			'hold'       => __( 'On Hold', 'ticket-metadata' ),
			// What Awesome Support itself shows for an unknown state, such as the draft state of a restored ticket.
			'open'       => __( 'Open', 'ticket-metadata' ),
			'closed'     => __( 'Closed', 'ticket-metadata' ),
		];
		$statuses = [];
		foreach ( $labels as $key => $label ) {
			$default          = [ 'hold' => 'on-hold', 'closed' => 'closed' ][ $key ] ?? 'open';
			$statuses[ $key ] = [ 'label' => (string) $label, 'default' => $default ];
		}
		return $statuses;
	}

	public function idsOfPerson( string $email, int $after, int $limit ): array {
		global $wpdb;
		$user = get_user_by( 'email', $email );
		if ( ! $user ) {
			return [];
		}
		return Rows::ids(
			$wpdb->prepare( "SELECT p.ID FROM $wpdb->posts p WHERE " . self::isTicket() . ' AND p.post_author = %d AND p.ID > %d ORDER BY p.ID LIMIT %d', $user->ID, $after, $limit )
		);
	}

	public function postTypes(): array {
		return [ 'ticket', 'ticket_reply', 'ticket_history', 'ticket_log' ];
	}

	public function agentCounters(): array {
		return [ 'wpas_open_tickets' ];
	}

	private static function isTicket(): string {
		global $wpdb;
		return sprintf( self::IS_TICKET, $wpdb->postmeta );
	}
}
