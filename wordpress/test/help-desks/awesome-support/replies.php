<?php
/** Replies to tickets: posts of their own. */

/** @return int|false|WP_Error */
function wpas_add_reply( array $data, $parent_id = false, $author_id = false ) {
	if ( $parent_id === false ) {
		return false;
	}
	return wpas_insert_reply( $data + [ 'post_parent' => $parent_id ] + ( $author_id ? [ 'post_author' => $author_id ] : [] ), $parent_id );
}

/** When the ticket was replied to last is written after the hooks. */
function wpas_insert_reply( array $data, $post_id = false ) {
	if ( $post_id === false || ! current_user_can( 'reply_ticket' ) ) {
		return false;
	}
	$defaults = [
		'post_title'   => "Reply to ticket #$post_id",
		'post_content' => '',
		'post_status'  => 'unread',
		'post_type'    => 'ticket_reply',
		'post_author'  => get_current_user_id(),
		'post_parent'  => $post_id,
	];
	$data     = wp_parse_args( $data, $defaults );
	do_action( 'wpas_add_reply_before', $data, $post_id );
	$reply_id = wp_insert_post( $data, true );
	if ( is_wp_error( $reply_id ) ) {
		do_action( 'wpas_add_reply_failed', $data, $post_id, $reply_id );
		return $reply_id;
	}
	do_action( 'wpas_add_reply_after', $reply_id, $data );
	do_action( 'wpas_add_reply_complete', $reply_id, $data );
	update_post_meta( $data['post_parent'], '_wpas_last_reply_date', current_time( 'mysql' ) );
	update_post_meta( $data['post_parent'], '_wpas_last_reply_date_gmt', current_time( 'mysql', 1 ) );
	update_post_meta( $data['post_parent'], '_wpas_is_waiting_client_reply', ! current_user_can( 'edit_ticket' ) );
	return $reply_id;
}

function wpas_get_replies( int $post_id ): array {
	return get_posts( [ 'post_type' => 'ticket_reply', 'post_parent' => $post_id, 'post_status' => [ 'read', 'unread' ], 'numberposts' => -1 ] );
}
