<?php
/** What changes many tickets by SQL, or by the row that they name, with no hook of a ticket. */

/** The requests of its pages by which that happens. */
function supportcandy_answer_requests(): void {
	$answers = [
		'wpsc_set_edit_category'   => static fn( int $id ) => supportcandy_rename( WPSC_Category::table(), $id ),
		'wpsc_set_edit_priority'   => static fn( int $id ) => supportcandy_rename( WPSC_Priority::table(), $id ),
		'wpsc_set_delete_category' => static fn( int $id ) => supportcandy_delete_category( $id, (int) $_POST['replace_id'] ),
		'wpsc_set_delete_priority' => static fn( int $id ) => supportcandy_delete_priority( $id, (int) $_POST['replace_id'] ),
		'wpsc_set_delete_status'   => static fn( int $id ) => supportcandy_delete_status( $id, (int) $_POST['replace_id'] ),
		'wpsc_delete_customer'     => 'supportcandy_delete_customer',
	];
	foreach ( $answers as $action => $answer ) {
		$asked = static function () use ( $action, $answer ): void {
			if ( wp_verify_nonce( $_POST['_ajax_nonce'] ?? '', $action ) ) {
				$answer( (int) $_POST[ $action === 'wpsc_delete_customer' ? 'customer_id' : 'id' ] );
			}
		};
		add_action( "wp_ajax_$action", $asked );
	}
}

function supportcandy_rename( string $table, int $id ): void {
	global $wpdb;
	$wpdb->update( $table, [ 'name' => sanitize_text_field( wp_unslash( $_POST['label'] ) ) ], [ 'id' => $id ] );
}

/** With the tickets that are not archived. */
function supportcandy_delete_customer( int $id ): void {
	global $wpdb;
	$wpdb->delete( WPSC_Ticket::table(), [ 'customer' => $id ] );
	$wpdb->delete( WPSC_Customer::table(), [ 'id' => $id ] );
	do_action( 'wpsc_delete_customer', new WPSC_Customer() );
}

/** The user of an agent is deleted. */
function supportcandy_delete_agent( WPSC_Agent $agent ): void {
	$agent->user = 0;
	$agent->save();
	do_action( 'wpsc_delete_agent', $agent );
}

/** By its cron, or when a person asks for it. */
function supportcandy_anonymize( WPSC_Ticket $ticket, WPSC_Customer $anonymous ): void {
	$ticket->customer = $anonymous->id;
	$ticket->save();
	do_action( 'wpsc_after_anonymizing_ticket', $ticket );
}

/** A status is deleted in the settings: its tickets get another one, and do not look changed. */
function supportcandy_delete_status( int $id, int $replacement ): void {
	global $wpdb;
	$wpdb->update( WPSC_Ticket::table(), [ 'status' => $replacement ], [ 'status' => $id ] );
	$wpdb->delete( WPSC_Status::table(), [ 'id' => $id ] );
}

/** A category likewise. */
function supportcandy_delete_category( int $id, int $replacement ): void {
	global $wpdb;
	$wpdb->update( WPSC_Ticket::table(), [ 'category' => $replacement ], [ 'category' => $id ] );
	$wpdb->delete( WPSC_Category::table(), [ 'id' => $id ] );
}

function supportcandy_delete_priority( int $id, int $replacement ): void {
	global $wpdb;
	$wpdb->update( WPSC_Ticket::table(), [ 'priority' => $replacement ], [ 'priority' => $id ] );
	$wpdb->delete( WPSC_Priority::table(), [ 'id' => $id ] );
}

/** A user takes an address under which a guest has written: the guest's tickets become his. */
function supportcandy_merge_guest( WPSC_Customer $guest, WPSC_Customer $customer ): void {
	global $wpdb;
	$wpdb->update( WPSC_Ticket::table(), [ 'customer' => $customer->id, 'user_type' => 'registered' ], [ 'customer' => $guest->id ] );
	$wpdb->delete( WPSC_Customer::table(), [ 'id' => $guest->id ] );
}
