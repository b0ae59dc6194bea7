<?php
namespace TicketMetadata\Bridges;

/**
 * The hooks that report changes to Awesome Support's tickets. Its own hooks miss edits on WordPress's edit screen and
 * writes of add-ons that bypass its functions; WordPress's hooks see those.
 *
 * Arguments have no types and may be missing, because other plugins fire these hooks too.
 */
final class AwesomeSupportHooks {

	/** Runs before listeners that fail or end the request with a redirect. */
	private const FIRST = PHP_INT_MIN;

	/** @var callable(int, bool=): void */
	private $mark;

	public function __construct( callable $mark ) {
		$this->mark = $mark;
	}

	public function add(): void {
		foreach ( [ 'wpas_open_ticket_after', 'wpas_post_new_ticket_admin' ] as $hook ) {
			add_action( $hook, [ $this, 'opened' ], self::FIRST );
		}
		foreach ( [ 'wpas_ticket_assigned', 'wpas_ticket_status_updated', 'wpas_after_close_ticket', 'wpas_after_reopen_ticket' ] as $hook ) {
			add_action( $hook, [ $this, 'changed' ], self::FIRST );
		}
		add_action( 'wpas_add_reply_after', [ $this, 'replied' ], self::FIRST, 2 );

		add_action( 'save_post_ticket', [ $this, 'saved' ], self::FIRST, 3 );
		add_action( 'transition_post_status', [ $this, 'moved' ], self::FIRST, 3 );
		add_action( 'added_post_meta', [ $this, 'metaAdded' ], self::FIRST, 3 );
		add_action( 'updated_post_meta', [ $this, 'metaChanged' ], self::FIRST, 3 );
		add_action( 'deleted_post_meta', [ $this, 'metaChanged' ], self::FIRST, 3 );
		add_action( 'set_object_terms', [ $this, 'termsSet' ], self::FIRST, 4 );
		add_action( 'deleted_term_relationships', [ $this, 'termsRemoved' ], self::FIRST, 3 );
		add_action( 'edited_term', [ $this, 'termEdited' ], self::FIRST, 3 );
		add_action( 'trashed_post', [ $this, 'trashed' ], self::FIRST );
		add_action( 'untrashed_post', [ $this, 'trashed' ], self::FIRST );
		add_action( 'deleted_post', [ $this, 'deleted' ], self::FIRST, 2 );
		// Before WordPress assigns the user's posts to another user by SQL.
		add_action( 'delete_user', [ $this, 'userLeaves' ], self::FIRST );
		add_action( 'remove_user_from_blog', [ $this, 'userLeaves' ], self::FIRST );
	}

	public function opened( $ticket = null ): void {
		$this->mark( $ticket, true );
	}

	public function changed( $ticket = null ): void {
		$this->mark( $ticket );
	}

	public function replied( $reply = null, $data = null ): void {
		$post = self::post( $reply );
		$this->mark( is_array( $data ) && isset( $data['post_parent'] ) ? $data['post_parent'] : $post->post_parent ?? 0 );
	}

	public function saved( $id = null, $post = null, $isUpdate = true ): void {
		if ( self::isTicket( $post ) ) {
			$this->mark( $id, ! $isUpdate );
		}
	}

	public function moved( $new = null, $old = null, $post = null ): void {
		if ( self::isTicket( $post ) ) {
			$this->mark( $post->ID, in_array( $old, [ 'new', 'auto-draft' ], true ) );
		}
	}

	public function metaAdded( $row = null, $id = null, $key = null ): void {
		// A post becomes a ticket with its first status.
		$this->markMeta( $id, $key, $key === '_wpas_status' );
	}

	public function metaChanged( $row = null, $id = null, $key = null ): void {
		$this->markMeta( $id, $key, false );
	}

	public function termsSet( $id = null, $terms = null, $rows = null, $taxonomy = null ): void {
		$this->termsRemoved( $id, $rows, $taxonomy );
	}

	public function termsRemoved( $id = null, $rows = null, $taxonomy = null ): void {
		if ( in_array( $taxonomy, AwesomeSupportPosts::TAXONOMIES, true ) ) {
			$this->markPost( $id );
		}
	}

	public function trashed( $id = null ): void {
		$this->markPost( $id );
	}

	public function deleted( $id = null, $post = null ): void {
		if ( self::isTicket( $post ) ) {
			$this->mark( $id );
		}
	}

	public function userLeaves( $user = null ): void {
		global $wpdb;
		$query = "SELECT ID FROM $wpdb->posts WHERE post_type = 'ticket' AND post_author > 0 AND post_author = %d AND ID > %d ORDER BY ID LIMIT %d";
		Found::mark( static fn( int $after, int $limit ): array => Rows::ids( $wpdb->prepare( $query, HookArgument::ticketId( $user ), $after, $limit ) ), $this->mark );
	}

	/** A renamed department, priority or channel changes every ticket that has it. */
	public function termEdited( $term = null, $row = null, $taxonomy = null ): void {
		global $wpdb;
		if ( in_array( $taxonomy, AwesomeSupportPosts::TAXONOMIES, true ) ) {
			$query = "SELECT p.ID FROM $wpdb->term_relationships r JOIN $wpdb->posts p ON p.ID = r.object_id AND p.post_type = 'ticket' WHERE r.term_taxonomy_id = %d AND p.ID > %d ORDER BY p.ID LIMIT %d";
			Found::mark( static fn( int $after, int $limit ): array => Rows::ids( $wpdb->prepare( $query, HookArgument::ticketId( $row ), $after, $limit ) ), $this->mark );
		}
	}

	private function markMeta( $id, $key, bool $isNew ): void {
		if ( in_array( $key, AwesomeSupportPosts::META_KEYS, true ) ) {
			$this->markPost( $id, $isNew );
		}
	}

	private function markPost( $id, bool $isNew = false ): void {
		if ( self::isTicket( self::post( $id ) ) ) {
			$this->mark( $id, $isNew );
		}
	}

	private function mark( $ticket, bool $isNew = false ): void {
		$id = HookArgument::ticketId( $ticket );
		if ( $id > 0 ) {
			( $this->mark )( $id, $isNew );
		}
	}

	private static function post( $id ): ?\WP_Post {
		$number = HookArgument::ticketId( $id );
		// For 0, get_post() returns the post of the current page.
		return $number > 0 ? get_post( $number ) : null;
	}

	/** WordPress creates an automatic draft whenever somebody opens the form for a new ticket. */
	private static function isTicket( $post ): bool {
		return $post instanceof \WP_Post && $post->post_type === 'ticket' && $post->post_status !== 'auto-draft';
	}
}
