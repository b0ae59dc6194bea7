<?php
namespace TicketMetadata\Bridges;

/** The hooks that report changes to Awesome Support's tickets: its own, and WordPress's. */
final class AwesomeSupportHooks extends PostHooks {

	protected const POST_TYPE = 'ticket';

	/** Awesome Support has no status that is named `new`, so WordPress means a post that did not exist. */
	protected const FORMER_OF_NEW  = [ 'new', 'auto-draft' ];
	protected const META_KEYS      = AwesomeSupportPosts::META_KEYS;
	protected const FIRST_META_KEY = '_wpas_status';
	protected const TAXONOMIES     = AwesomeSupportPosts::TAXONOMIES;

	public function add(): void {
		foreach ( [ 'wpas_open_ticket_after', 'wpas_post_new_ticket_admin' ] as $hook ) {
			add_action( $hook, [ $this, 'opened' ], self::FIRST );
		}
		foreach ( [ 'wpas_ticket_assigned', 'wpas_ticket_status_updated', 'wpas_after_close_ticket', 'wpas_after_reopen_ticket' ] as $hook ) {
			add_action( $hook, [ $this, 'changed' ], self::FIRST );
		}
		add_action( 'wpas_add_reply_after', [ $this, 'replied' ], self::FIRST, 2 );
		// Before WordPress assigns the user's posts to another user by SQL.
		add_action( 'delete_user', [ $this, 'userLeaves' ], self::FIRST );
		add_action( 'remove_user_from_blog', [ $this, 'userLeaves' ], self::FIRST );
		parent::add();
	}

	public function replied( $reply = null, $data = null ): void {
		$post = self::post( $reply );
		$this->mark( is_array( $data ) && isset( $data['post_parent'] ) ? $data['post_parent'] : $post->post_parent ?? 0 );
	}

	public function userLeaves( $user = null ): void {
		global $wpdb;
		$query = "SELECT ID FROM $wpdb->posts WHERE post_type = 'ticket' AND post_author > 0 AND post_author = %d AND ID > %d ORDER BY ID LIMIT %d";
		$this->markFound( static fn( int $after, int $limit ): string => $wpdb->prepare( $query, HookArgument::ticketId( $user ), $after, $limit ) );
	}
}
