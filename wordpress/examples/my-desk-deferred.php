<?php
/** Called when an agent answers: the page must be shown, whether the service is available or not. */
function my_desk_answered( int $ticket_id ): void {
	ticket_metadata_defer( $ticket_id, [ 'status' => 'pending', 'custom_fields' => [ 'answered_at' => time() ] ] );
}

/** Called when a ticket is closed. */
function my_desk_closed( int $ticket_id ): void {
	ticket_metadata_defer( $ticket_id, [ 'status' => 'closed', 'assigned_to' => null ] );
}
