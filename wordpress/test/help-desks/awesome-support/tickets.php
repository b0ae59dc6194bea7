<?php
/** Opening, assigning, moving, closing and opening again, by Awesome Support's functions. */

/** @return array<string, string> labels by state, if no filter answers something else */
function wpas_get_post_status() {
	return apply_filters( 'wpas_ticket_statuses', [ 'queued' => 'New', 'processing' => 'In Progress', 'hold' => 'On Hold' ] );
}

/** @return string open, closed, or nothing while it is not a ticket yet */
function wpas_get_ticket_status( int $id ): string {
	return (string) get_post_meta( $id, '_wpas_status', true );
}

function wpas_get_ticket_status_state_slug( int $id ): string {
	if ( wpas_get_ticket_status( $id ) === 'closed' ) {
		return 'closed';
	}
	$state = get_post( $id )->post_status;
	return array_key_exists( $state, wpas_get_post_status() ) ? $state : 'open';
}

/** What the form of the front end does. Registered users only. */
function wpas_open_ticket( array $data ) {
	if ( ! current_user_can( 'create_ticket' ) ) {
		return false;
	}
	$post = [
		'post_title'   => wp_strip_all_tags( $data['title'] ),
		'post_content' => wp_kses_post( $data['message'] ),
		'post_status'  => 'queued',
		'post_type'    => 'ticket',
		'post_author'  => get_current_user_id(),
	];
	return wpas_insert_ticket( $post, false, false, 'standard-ticket-form' );
}

/** @return int|false 0 where WordPress refused the post, which goes unnoticed there too */
function wpas_insert_ticket( array $data = [], $post_id = false, $agent_id = false, string $channel = 'other' ) {
	if ( empty( $data['post_author'] ) ) {
		$data['post_author'] = get_current_user_id();
	}
	if ( ! user_can( $data['post_author'], 'create_ticket' ) ) {
		return false;
	}
	$defaults = [ 'post_content' => '', 'post_title' => '', 'post_status' => 'queued', 'post_type' => 'ticket' ];
	$data     = apply_filters( 'wpas_open_ticket_data', wp_parse_args( $data, $post_id ? $defaults + [ 'ID' => $post_id ] : $defaults ) );
	do_action( 'wpas_open_ticket_before', $data, $post_id );
	$ticket_id = wp_insert_post( $data, false );
	if ( ! $post_id ) {
		wp_set_object_terms( $ticket_id, $channel, 'ticket_channel' );
	}
	add_post_meta( $ticket_id, '_wpas_status', 'open', true );
	add_post_meta( $ticket_id, '_wpas_last_reply_date', null, true );
	add_post_meta( $ticket_id, '_wpas_last_reply_date_gmt', null, true );
	add_post_meta( $ticket_id, '_wpas_is_waiting_client_reply', ! user_can( $data['post_author'], 'edit_ticket' ), true );
	do_action( 'wpas_open_ticket_before_assigned', $ticket_id, $data );
	if ( apply_filters( 'wpas_open_ticket_should_agent_assign', true, $ticket_id ) ) {
		wpas_assign_ticket( $ticket_id, $agent_id ?: wpas_find_agent( $ticket_id ), false );
	}
	do_action( 'wpas_open_ticket_after', $ticket_id, $data );
	do_action( 'wpas_ticket_after_saved', $ticket_id );
	return $ticket_id;
}

function wpas_find_agent( $ticket_id = false ): int {
	return (int) apply_filters( 'wpas_find_available_agent', 1, $ticket_id );
}

/** The stored id is text, so that an int that is the same looks like another one: the hook runs then too. */
function wpas_assign_ticket( $ticket_id, $agent_id = null, bool $log = true ) {
	if ( get_post_type( $ticket_id ) !== 'ticket' ) {
		return new WP_Error( 'incorrect_post_type' );
	}
	$agent_id = $agent_id ?? wpas_find_agent( $ticket_id );
	if ( ! user_can( $agent_id, 'edit_ticket' ) ) {
		return new WP_Error( 'incorrect_agent' );
	}
	$current = get_post_meta( $ticket_id, '_wpas_assignee', true );
	if ( $current === $agent_id ) {
		return true;
	}
	$update = update_post_meta( $ticket_id, '_wpas_assignee', $agent_id, $current );
	if ( $log ) {
		wpas_log_history( $ticket_id, 'Assigned' );
	}
	do_action( 'wpas_ticket_assigned', $ticket_id, $agent_id );
	if ( ! empty( $current ) && user_can( (int) $current, 'edit_ticket' ) ) {
		do_action( 'wpas_ticket_assignee_changed', $agent_id, (int) $current );
	}
	return $update;
}

function wpas_update_ticket_status( $post_id, string $status ) {
	$post = get_post( $post_id );
	if ( ! $post || $post->post_status === $status || ! array_key_exists( $status, wpas_get_post_status() ) ) {
		return false;
	}
	$updated = wp_update_post( [ 'ID' => $post_id, 'post_status' => $status ] );
	if ( (int) $updated !== 0 ) {
		wpas_log_history( $post_id, "State changed to $status" );
	}
	do_action( 'wpas_ticket_status_updated', $post_id, $status, $updated );
	return $updated;
}

function wpas_close_ticket( $ticket_id, int $user_id = 0, bool $skip_user_validation = false ) {
	if ( ! $skip_user_validation && ! current_user_can( 'close_ticket' ) ) {
		wp_die( 'You do not have the capacity to close this ticket' );
	}
	$ticket_id = (int) $ticket_id;
	if ( get_post_type( $ticket_id ) !== 'ticket' ) {
		return false;
	}
	$where = is_admin() ? 'admin' : 'public';
	if ( ! apply_filters( "wpas_before_close_ticket_$where", true, $ticket_id ) ) {
		return false;
	}
	$user_id = $user_id ?: get_current_user_id();
	$update  = update_post_meta( $ticket_id, '_wpas_status', 'closed' );
	update_post_meta( $ticket_id, '_ticket_closed_on', current_time( 'mysql' ) );
	update_post_meta( $ticket_id, '_ticket_closed_on_gmt', current_time( 'mysql', 1 ) );
	wpas_log_history( $ticket_id, 'Closed' );
	do_action( 'wpas_after_close_ticket', $ticket_id, $update, $user_id );
	do_action( "wpas_after_close_ticket_$where", $ticket_id, $user_id, $update );
	return $update;
}

/** When it was closed stays noted. */
function wpas_reopen_ticket( $ticket_id ) {
	if ( get_post_type( $ticket_id ) !== 'ticket' || ! current_user_can( 'edit_ticket' ) && (int) get_post( $ticket_id )->post_author !== get_current_user_id() ) {
		return false;
	}
	$update = update_post_meta( (int) $ticket_id, '_wpas_status', 'open' );
	wpas_log_history( $ticket_id, 'Opened again' );
	do_action( 'wpas_after_reopen_ticket', (int) $ticket_id, $update );
	return $update;
}

/** A post of its own below the ticket. */
function wpas_log_history( $ticket_id, string $text ): void {
	wp_insert_post( [ 'post_type' => 'ticket_history', 'post_status' => 'publish', 'post_parent' => (int) $ticket_id, 'post_title' => $text, 'post_content' => $text ] );
}
