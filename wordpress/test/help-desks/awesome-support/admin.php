<?php
/** What an agent does on WordPress's edit screen: most of it by no function and with no hook of Awesome Support. */

function awesome_support_admin(): void {
	add_filter( 'wp_insert_post_data', 'wpas_filter_ticket_data', 99, 2 );
	add_action( 'save_post_ticket', 'wpas_save_ticket' );
	add_action( 'before_delete_post', 'wpas_delete_ticket_dependencies' );
}

/** The state comes from a field of the form; a new ticket that an agent saves is in progress without anyone saying so. */
function wpas_filter_ticket_data( array $data, array $postarr ): array {
	if ( ( $data['post_type'] ?? '' ) !== 'ticket' || in_array( $data['post_status'], [ 'trash', 'auto-draft' ], true ) ) {
		return $data;
	}
	if ( current_user_can( 'edit_ticket' ) && isset( $postarr['ID'] ) && ( $_POST['post_status_override'] ?? 'queued' ) === 'queued' ) {
		$_POST['post_status_override'] = 'processing';
	}
	$state = $_POST['post_status_override'] ?? '';
	if ( array_key_exists( $state, wpas_get_post_status() ) ) {
		$data['post_status'] = $state;
	}
	return $data;
}

function wpas_save_ticket( $post_id ): void {
	if ( wp_is_post_revision( $post_id ) || ! wp_verify_nonce( $_POST['wpas_cf'] ?? '', 'wpas_update_cf' ) || ! current_user_can( 'edit_ticket', $post_id ) ) {
		return;
	}
	$old_assignee = get_post_meta( $post_id, '_wpas_assignee', true );
	awesome_support_save_custom_fields( $post_id, $_POST );

	$status = get_post_meta( $post_id, '_wpas_status', true );
	if ( $status === '' ) {
		add_post_meta( $post_id, '_wpas_status', 'open', true );
		add_post_meta( $post_id, '_wpas_last_reply_date', null, true );
		add_post_meta( $post_id, '_wpas_last_reply_date_gmt', null, true );
		do_action( 'wpas_post_new_ticket_admin', $post_id );
	}
	if ( ( $_POST['wpas_reply'] ?? '' ) !== '' ) {
		remove_action( 'save_post_ticket', 'wpas_save_ticket' );
		$reply = wpas_add_reply( [ 'post_content' => $_POST['wpas_reply'], 'post_status' => 'read' ], $post_id );
		if ( ! is_wp_error( $reply ) && ( $_POST['wpas_do'] ?? '' ) === 'reply_close' ) {
			wpas_close_ticket( $post_id );
			do_action( 'wpas_ticket_closed_by_agent', $post_id );
		}
	}
	if ( $status !== '' ) {
		do_action( 'wpas_ticket_after_update_admin_success', $post_id, $old_assignee, $_POST );
	}
	// Spelt so there.
	do_action( 'wpas_tikcet_after_saved', $post_id );
}

/** The agent goes through a function with a hook, the taxonomies do not. */
function awesome_support_save_custom_fields( int $post_id, array $data ): void {
	if ( isset( $data['wpas_assignee'] ) ) {
		wpas_assign_ticket( $post_id, $data['wpas_assignee'] );
	}
	foreach ( [ 'department', 'ticket_priority' ] as $field ) {
		if ( isset( $data[ "wpas_$field" ] ) ) {
			wp_set_object_terms( $post_id, (int) $data[ "wpas_$field" ], $field );
			do_action( 'wpas_custom_field_updated', $field, $post_id, $data[ "wpas_$field" ] );
		}
	}
	do_action( 'wpas_save_custom_fields_after', $post_id );
}

function wpas_delete_ticket_dependencies( $post_id ): void {
	if ( get_post_type( $post_id ) !== 'ticket' ) {
		return;
	}
	foreach ( get_posts( [ 'post_parent' => $post_id, 'post_type' => [ 'ticket_reply', 'ticket_history', 'ticket_log' ], 'post_status' => 'any', 'numberposts' => -1 ] ) as $post ) {
		wp_delete_post( $post->ID, true );
	}
}
