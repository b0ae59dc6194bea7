<?php
/** What changes tickets by SQL alone, with no hook. */

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

/** A user takes an address under which a guest has written: the guest's tickets become his. */
function supportcandy_merge_guest( WPSC_Customer $guest, WPSC_Customer $customer ): void {
	global $wpdb;
	$wpdb->update( WPSC_Ticket::table(), [ 'customer' => $customer->id, 'user_type' => 'registered' ], [ 'customer' => $guest->id ] );
	$wpdb->delete( WPSC_Customer::table(), [ 'id' => $guest->id ] );
}
