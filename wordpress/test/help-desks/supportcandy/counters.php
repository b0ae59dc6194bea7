<?php
/** What it counts after each event of a ticket: rows of customers and agents are written as a whole for that, agents without having been read one by one. */

/** @param mixed $ticket */
function supportcandy_count_of_customer( $ticket ): void {
	global $wpdb;
	$customer = $ticket instanceof WPSC_Ticket ? $ticket->customer : null;
	if ( is_object( $customer ) && $customer->id ) {
		$customer->ticket_count = $wpdb->get_var( $wpdb->prepare( 'SELECT count(id) FROM ' . WPSC_Ticket::table() . ' WHERE is_active = 1 AND customer = %d', $customer->id ) );
		$customer->save();
	}
}

function supportcandy_count_of_agents(): void {
	global $wpdb;
	$open = $wpdb->get_var( 'SELECT count(DISTINCT t.id) FROM ' . WPSC_Ticket::table() . ' t WHERE (1=1) AND (t.is_active=1)' );
	foreach ( WPSC_Agent::find( "is_active = '1' AND is_agentgroup = '0'" ) as $agent ) {
		$agent->unresolved_count = $open;
		$agent->save();
	}
}

add_action( 'wpsc_create_new_ticket', 'supportcandy_count_of_customer', 200 );
foreach ( [ 'wpsc_create_new_ticket', 'wpsc_change_ticket_status', 'wpsc_change_assignee' ] as $hook ) {
	add_action( $hook, 'supportcandy_count_of_agents', 500 );
}
