<?php
namespace TicketMetadata\Test;

/** What happens to a ticket of Awesome Support in one request. */
final class TicketLife {

	public function __construct() {
		wp_set_current_user( 1 );
		// As there: how many tickets an agent has is counted again and again.
		$count = static function (): void {
			update_user_option( 1, 'wpas_open_tickets', (int) get_user_option( 'wpas_open_tickets', 1 ) + 1 );
		};
		add_action( 'wpas_ticket_assigned', $count );
		add_action( 'wpas_ticket_assigned', $count );
		add_action( 'wpas_after_close_ticket', $count );
		register_taxonomy( 'twin_log', [ 'ticket_history' ] );
	}

	/** From its opening to its end. */
	public function whole(): void {
		$id = wpas_open_ticket( [ 'title' => 'A ticket', 'message' => 'Text' ] );
		wpas_add_reply( [ 'post_content' => 'Hello?' ], $id );
		wpas_assign_ticket( $id, '1' );
		$log = wp_insert_post( [ 'post_type' => 'ticket_history', 'post_status' => 'publish', 'post_parent' => $id ] );
		wp_set_object_terms( $log, 'note', 'twin_log' );
		add_post_meta( $log, 'of', [ 'a' => 'list' ] );
		update_post_meta( $id, 'asked', 1 );
		update_post_meta( $id, 'seen', 1 );
		// Somebody asks the database.
		$GLOBALS['wpdb']->get_var( "SELECT COUNT(*) FROM {$GLOBALS['wpdb']->postmeta} WHERE meta_key = 'seen'" );
		update_post_meta( $id, 'rated', 4 );
		delete_post_meta( $id, 'asked' );
		update_post_meta( $id, 'rated', 5 );
		wpas_close_ticket( $id );
		wp_delete_post( $log, true );
	}

	/** And the answer has begun: what sends it cannot be what writes. */
	public function openedLate(): void {
		echo 'The ticket:';
		while ( ob_get_level() > 0 ) {
			ob_end_flush();
		}
		flush();
		$this->opened();
	}

	/** With so much to write that it needs memory. */
	public function large(): void {
		$this->openedLate();
		$ticket = get_posts( [ 'post_type' => 'ticket', 'post_status' => 'any', 'numberposts' => 1 ] )[0]->ID;
		add_post_meta( $ticket, 'large', str_repeat( 'x', 60000 ) );
	}

	/** And the page has begun. */
	public function said(): void {
		ob_start();
		echo 'The ticket:';
		$this->opened();
	}

	/** Only the ticket and its meta. */
	public function opened(): void {
		$id = wpas_open_ticket( [ 'title' => 'A ticket', 'message' => 'Text' ] );
		add_post_meta( $id, 'last', 'written' );
	}
}
