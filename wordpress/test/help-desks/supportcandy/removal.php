<?php
/** Deleting, restoring and archiving tickets. The status stays what it was. */

function supportcandy_delete( WPSC_Ticket $ticket ): void {
	$ticket->is_active = 0;
	$ticket->save();
	do_action( 'wpsc_delete_ticket', $ticket );
}

function supportcandy_restore( WPSC_Ticket $ticket ): void {
	$ticket->is_active = 1;
	$ticket->save();
	do_action( 'wpsc_ticket_restore', $ticket );
}

function supportcandy_delete_permanently( WPSC_Ticket $ticket ): void {
	global $wpdb;
	$wpdb->delete( WPSC_Thread::table(), [ 'ticket' => $ticket->id ] );
	$wpdb->delete( WPSC_Ticket::table(), [ 'id' => $ticket->id ] );
	$isOld = version_compare( WPSC_Individual_Ticket::$hooks_of_version, '3.4', '<' );
	do_action( 'wpsc_ticket_delete_permanently', $isOld ? (int) $ticket->id : $ticket );
}

/** The row moves with its id. */
function supportcandy_archive( WPSC_Ticket $ticket ): WPSC_Archive_Ticket {
	supportcandy_move( $ticket->id, WPSC_Ticket::table(), WPSC_Archive_Ticket::table() );
	$archived = new WPSC_Archive_Ticket( $ticket->id );
	do_action( 'wpsc_ticket_archive', $ticket, $archived );
	return $archived;
}

function supportcandy_restore_archived( WPSC_Archive_Ticket $archived ): WPSC_Ticket {
	supportcandy_move( $archived->id, WPSC_Archive_Ticket::table(), WPSC_Ticket::table() );
	$ticket = new WPSC_Ticket( $archived->id );
	do_action( 'wpsc_archive_ticket_restore', $ticket, $archived );
	return $ticket;
}

function supportcandy_delete_archived( WPSC_Archive_Ticket $archived ): void {
	global $wpdb;
	$wpdb->delete( WPSC_Archive_Ticket::table(), [ 'id' => $archived->id ] );
	do_action( 'wpsc_delete_archive_ticket_permanently', $archived );
}

function supportcandy_move( int $id, string $from, string $to ): void {
	global $wpdb;
	$wpdb->query( $wpdb->prepare( "INSERT INTO $to SELECT * FROM $from WHERE id = %d", $id ) );
	$wpdb->delete( $from, [ 'id' => $id ] );
}
