<?php
/** What happens to customers, and with them to their tickets. */

/** The page on which an agent edits a customer. It always sends all of the form. */
function kb_support_edit_customer( int $id, array $form ): void {
	$customer = new KBS_Customer( $id );
	$former   = $customer->user_id;
	$data     = $form + [ 'name' => 'A customer', 'email' => $customer->email, 'user_id' => $former, 'company_id' => 0 ];
	do_action( 'kbs_pre_edit_customer', $id, $data, [] );
	if ( $customer->update( $data ) && $customer->user_id !== $former ) {
		kb_support_write_meta( $customer, '_kbs_ticket_user_id', $customer->user_id );
	}
	do_action( 'kbs_post_edit_customer', $id, $data );
}

/** The tickets' own copy of the user is corrected by SQL, and only that of the first: the list is passed as one text. */
function kb_support_disconnect( int $id ): void {
	global $wpdb;
	$customer = new KBS_Customer( $id );
	do_action( 'kbs_pre_customer_disconnect_user_id', $id, $customer->user_id );
	if ( $customer->update( [ 'user_id' => 0 ] ) ) {
		$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->postmeta SET meta_value = 0 WHERE meta_key = '_kbs_ticket_user_id' AND post_id IN (%s)", $customer->ticket_ids ) );
	}
	do_action( 'kbs_post_customer_disconnect_user_id', $id );
}

/** The tickets stay, and those on the customer's list lose their customer. */
function kb_support_delete_customer( int $id ): void {
	global $wpdb;
	$customer = new KBS_Customer( $id );
	do_action( 'kbs_pre_delete_customer', $id, true, false );
	if ( $customer->id > 0 && $wpdb->delete( "{$wpdb->prefix}kbs_customers", [ 'id' => $id ] ) ) {
		kb_support_write_meta( $customer, '_kbs_ticket_customer_id', 0 );
	}
}

function kb_support_write_meta( KBS_Customer $customer, string $key, $value ): void {
	foreach ( array_filter( explode( ',', $customer->ticket_ids ) ) as $ticket_id ) {
		( new KBS_Ticket( (int) $ticket_id ) )->update_meta( $key, $value );
	}
}

/** WordPress's eraser of personal data: tickets that are still new make it refuse. */
function kb_support_anonymize( int $id ): void {
	$customer = new KBS_Customer( $id );
	$tickets  = get_posts( [ 'post_type' => 'kbs_ticket', 'post_status' => [ 'open', 'hold', 'closed' ], 'numberposts' => -1, 'meta_key' => '_kbs_ticket_customer_id', 'meta_value' => $id ] );
	$customer->update( [ 'name' => 'Anonymized Customer', 'email' => "anonymized-$id@site.invalid", 'notes' => '', 'user_id' => 0 ] );
	do_action( 'kbs_anonymize_customer', $customer );
	foreach ( $tickets as $post ) {
		$ticket        = new KBS_Ticket( $post->ID );
		$ticket->ip    = '192.0.2.0';
		$ticket->email = $customer->email;
		wp_update_post( [ 'ID' => $post->ID, 'post_title' => 'Anonymized Customer' ] );
		do_action( 'kbs_anonymize_ticket', $ticket );
		$ticket->save();
	}
}

// A guest who registers is a customer with an account from then on. The tickets are not touched.
add_action(
	'user_register',
	static function ( $user ): void {
		$customer = new KBS_Customer( (string) get_the_author_meta( 'user_email', $user ) );
		if ( $customer->id > 0 ) {
			$customer->update( [ 'user_id' => $user ] );
		}
	}
);
