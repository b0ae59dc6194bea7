<?php
/** What its REST routes do: a third way, with hooks of its own making. */

/**
 * @param array $request id (none: a new ticket), title, status (the state), state (open or closed), assignee, departments
 * @return int the ticket's id
 */
function awesome_support_rest_save( array $request ): int {
	$isNew = empty( $request['id'] );
	$post  = [ 'post_type' => 'ticket' ];
	if ( $isNew ) {
		$post += [ 'post_status' => 'queued', 'post_author' => get_current_user_id() ];
	} else {
		$post += [ 'ID' => $request['id'] ];
	}
	if ( isset( $request['title'] ) ) {
		$post['post_title'] = $request['title'];
	}
	if ( isset( $request['status'] ) ) {
		$post['post_status'] = $request['status'];
	}
	// The row is written when it runs, the meta and the terms of the same request are not.
	$moved = static function ( $new, $old, $post ): void {
		if ( $post->post_type === 'ticket' && $new !== $old && $old !== 'new' ) {
			do_action( 'wpas_ticket_status_updated', $post->ID, $new, $post->ID );
		}
	};
	add_action( 'transition_post_status', $moved, 10, 3 );
	$id = $isNew ? wp_insert_post( $post ) : wp_update_post( $post );
	remove_action( 'transition_post_status', $moved, 10 );

	awesome_support_rest_fields( $id, $request, $isNew );
	if ( isset( $request['departments'] ) ) {
		wp_set_object_terms( $id, $request['departments'], 'department' );
	}
	return $id;
}

function awesome_support_rest_fields( int $id, array $request, bool $isNew ): void {
	if ( $isNew ) {
		update_post_meta( $id, '_wpas_status', $request['state'] ?? 'open' );
	} elseif ( isset( $request['state'] ) ) {
		$request['state'] === 'closed' ? wpas_close_ticket( $id ) : wpas_reopen_ticket( $id );
	}
	if ( isset( $request['assignee'] ) ) {
		wpas_assign_ticket( $id, $request['assignee'] );
	}
	if ( $isNew ) {
		do_action( 'wpas_open_ticket_after', $id, get_post( $id, ARRAY_A ) );
	}
}
