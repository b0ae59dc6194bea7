<?php
/** Called when a customer opens a ticket in My Desk. */
function my_desk_opened( int $ticket_id, int $customer_id, string $subject ): bool {
	return ticket_metadata_write(
		$ticket_id,
		[
			'customer_id' => $customer_id,
			'subject'     => $subject,
			'status'      => 'open',
		]
	);
}

/** Called when a ticket gets another agent; null takes it from all. */
function my_desk_assigned( int $ticket_id, ?int $agent_id ): bool {
	return ticket_metadata_update_field( $ticket_id, 'assigned_to', $agent_id );
}

/** The line above a ticket. */
function my_desk_headline( int $ticket_id ): string {
	$ticket = ticket_metadata_get( $ticket_id );
	return $ticket === false ? 'This ticket cannot be shown now.' : "#$ticket_id: {$ticket['subject']} ({$ticket['status']})";
}

/** Called before a report reads MySQL: whether the ticket is up to date there. */
function my_desk_is_in_mysql( int $ticket_id ): bool {
	return ticket_metadata_sync( $ticket_id );
}
