<?php
/** What KB Support's functions do with tickets. */

/** What the form of the front end and the REST API come down to. Guests may open tickets. */
function kbs_add_ticket( array $data ) {
	$data   = apply_filters( 'kbs_add_ticket_data', $data );
	$ticket = new KBS_Ticket();
	$ticket->status          = $data['status'] ?? 'new';
	$ticket->title           = $data['post_title'];
	$ticket->content         = $data['post_content'];
	$ticket->ticket_category = $data['post_category'] ?? [];
	$ticket->agent_id        = $data['agent_id'] ?? '';
	$ticket->department      = $data['department'] ?? 0;
	$ticket->user_id         = $data['user_info']['id'] ?? '';
	$ticket->email           = strtolower( $data['user_email'] );
	$ticket->participants    = [ $ticket->email ];
	$ticket->sla_respond     = current_time( 'mysql' );
	if ( ! empty( $data['source'] ) ) {
		$ticket->source = $data['source'];
	}
	do_action( 'kbs_before_add_ticket', $ticket->ID, $data );
	$ticket->save();
	if ( ! $ticket->ID ) {
		return false;
	}
	do_action( 'kbs_add_ticket', $ticket->ID, $data );
	return $ticket->ID;
}

function kbs_set_ticket_status( int $ticket_id, string $status = 'open' ) {
	$ticket = new KBS_Ticket( $ticket_id );
	return $ticket->ID ? $ticket->update_status( $status ) : false;
}

function kbs_assign_agent( int $ticket_id, int $agent_id = 0 ) {
	$agent_id = $agent_id ?: get_current_user_id();
	$ticket   = new KBS_Ticket( $ticket_id );
	if ( ! $ticket->ID || ! kbs_is_agent( $agent_id ) ) {
		return false;
	}
	$ticket->agent_id = $agent_id;
	return $ticket->save();
}

/** @param int[] $agent_ids besides the one to whom the ticket is assigned */
function kbs_add_agents_to_ticket( int $ticket_id, array $agent_ids ) {
	$ticket = new KBS_Ticket( $ticket_id );
	do_action( 'kbs_pre_add_agents_to_ticket', $ticket, $agent_ids );
	$ticket->agents = array_merge( $agent_ids, (array) ( $ticket->agents ?: [] ) );
	$return         = $ticket->save();
	do_action( 'kbs_post_add_agents_to_ticket', $ticket, $agent_ids, $return );
	return $return;
}

/** A comment, after which the ticket's row is written without a change. */
function kbs_insert_note( int $ticket_id, string $note ): int {
	do_action( 'kbs_pre_insert_ticket_note', $ticket_id, $note, [] );
	$note_id = wp_insert_comment( [ 'comment_post_ID' => $ticket_id, 'comment_content' => $note, 'comment_type' => 'kbs_ticket_note' ] );
	do_action( 'kbs_insert_ticket_note', $note_id, $ticket_id, $note );
	wp_update_post( [ 'ID' => $ticket_id ] );
	return (int) $note_id;
}

/** A post of its own below the ticket. */
function kbs_log( int $ticket_id, string $type, array $meta ): void {
	do_action( 'kbs_pre_insert_log' );
	$id = wp_insert_post( [ 'post_type' => 'kbs_log', 'post_status' => 'publish', 'post_parent' => $ticket_id, 'post_title' => '', 'post_content' => '' ] );
	if ( $id ) {
		wp_set_object_terms( $id, $type, 'kbs_log_type' );
		foreach ( $meta as $key => $value ) {
			update_post_meta( $id, "_kbs_log_$key", $value );
		}
	}
	do_action( 'kbs_post_insert_log', $id );
}

add_action(
	'kbs_reply_to_ticket',
	static function ( $ticket, $reply ): void {
		kbs_log( $ticket, 'reply', [ 'reply_id' => $reply ] );
	},
	10,
	2
);
add_action(
	'kbs_insert_ticket_note',
	static function ( $note, $ticket ): void {
		kbs_log( $ticket, 'note', [ 'note_id' => $note ] );
	},
	10,
	2
);
// The customer has got an e-mail.
add_action( 'kbs_add_ticket', static fn( $ticket ) => delete_post_meta( $ticket, '_kbs_pending_ticket_created_email' ) );
add_action(
	'kbs_update_ticket_status',
	static function ( $ticket, $new, $old ): void {
		kbs_log( $ticket, 'status', [ 'previous_status' => $old, 'current_status' => $new ] );
	},
	10,
	3
);
add_action(
	'kbs_assigned_agent',
	static function ( $ticket ): void {
		if ( get_post_status( $ticket ) === 'new' ) {
			kbs_set_ticket_status( $ticket, 'open' );
		}
	}
);
