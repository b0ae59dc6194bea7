<?php
namespace TicketMetadata\Bridges;

/** The hooks that report changes to KB Support's tickets: its own, and WordPress's. */
final class KbSupportHooks extends PostHooks {

	protected const POST_TYPE      = 'kbs_ticket';
	protected const META_KEYS      = KbSupportPosts::META_KEYS;
	protected const FIRST_META_KEY = KbSupportPosts::FIRST_META_KEY;
	protected const TAXONOMIES     = KbSupportPosts::TAXONOMIES;

	public function add(): void {
		add_action( 'kbs_add_ticket', [ $this, 'opened' ], self::FIRST );
		// Replies change no field of a snapshot, but the ticket was worked on.
		foreach ( [ 'kbs_ticket_saved', 'kbs_update_ticket_status', 'kbs_assigned_agent', 'kbs_reply_to_ticket' ] as $hook ) {
			add_action( $hook, [ $this, 'changed' ], self::FIRST );
		}
		parent::add();
	}

	/** A draft is what an agent has not saved yet, or a ticket that was restored from the trash. Only the latter has a key. */
	protected static function isTicket( $post ): bool {
		return parent::isTicket( $post ) && ( $post->post_status !== 'draft' || get_post_meta( $post->ID, self::FIRST_META_KEY, true ) !== '' );
	}
}
