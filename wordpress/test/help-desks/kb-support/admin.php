<?php
/** What an agent does on WordPress's edit screen, and by the links of KB Support's lists. */

add_action( 'save_post_kbs_ticket', 'kbs_ticket_post_save', 10, 3 );

/** Every field of the form is set, whether it changed or not. WordPress has stored the post as a draft before, if it is new. */
function kbs_ticket_post_save( $post_id, $post, $update ): void {
	if ( ! wp_verify_nonce( $_POST['kbs_ticket_meta_box_nonce'] ?? '', 'kbs_ticket_meta_save' ) ) {
		return;
	}
	remove_action( 'save_post_kbs_ticket', 'kbs_ticket_post_save', 10 );
	$ticket = new KBS_Ticket( $post_id );
	foreach ( [ 'customer_id' => 'kbs_customer_id', 'agent_id' => 'kbs_agent_id', 'agents' => 'kbs_assigned_agents' ] as $name => $field ) {
		$ticket->$name = $_POST[ $field ] ?? '';
	}
	if ( ! $ticket->key ) {
		$ticket->key = md5( uniqid( 'kbs', true ) );
	}
	if ( ! empty( $_POST['ticket_status'] ) && $_POST['ticket_status'] !== $post->post_status ) {
		$ticket->status = $_POST['ticket_status'];
	}
	if ( isset( $_POST['kbs_ticket_source'] ) ) {
		$ticket->source = (int) $_POST['kbs_ticket_source'];
	}
	do_action( 'kbs_pre_save_ticket', $ticket, $post_id );
	$ticket->save();
	add_post_meta( $post_id, '_kbs_ticket_version_created', KBS_VERSION, true );
	do_action( 'kbs_save_ticket', $post_id, $post );
}

/** By a link in the list. No function of KB Support, and none of its hooks but that of the note. */
function kb_support_reopen( int $post_id ): void {
	remove_action( 'save_post_kbs_ticket', 'kbs_ticket_post_save', 10 );
	if ( get_post_status( $post_id ) === 'closed' && wp_update_post( [ 'ID' => $post_id, 'post_status' => 'open' ] ) ) {
		kbs_insert_note( $post_id, 'Ticket re-opened.' );
	}
}
