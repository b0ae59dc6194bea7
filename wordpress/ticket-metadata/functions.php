<?php
/** The functions for other plugins and themes. None of them throws; the reason for a false goes to the action ticket_metadata_error. */

use TicketMetadata\Call;
use TicketMetadata\Client\Client;
use TicketMetadata\Errors;
use TicketMetadata\Lists;
use TicketMetadata\Numbers;
use TicketMetadata\Plugin;
use TicketMetadata\Upsert;

/**
 * Writes a ticket: creates it, or changes the given fields if it exists.
 *
 * @param int   $ticket_id The id of the ticket's post or row.
 * @param array $metadata  For example ['customer_id' => 123, 'subject' => 'Order issue', 'status' => 'open'].
 * @return bool Whether the service has stored it.
 */
function ticket_metadata_write( int $ticket_id, array $metadata ): bool {
	return Call::stores( $ticket_id, static fn( Client $client, int $id ) => Upsert::write( $client, $id, Numbers::typed( $metadata ) ) );
}

/**
 * Changes one field of a ticket.
 *
 * @param int    $ticket_id The id of the ticket's post or row.
 * @param string $field     For example 'status' or 'assigned_to'.
 * @param mixed  $value     null removes the field.
 * @return bool Whether the service has stored the change.
 */
function ticket_metadata_update_field( int $ticket_id, string $field, $value ): bool {
	return Call::stores( $ticket_id, static fn( Client $client, int $id ) => $client->update( $id, Numbers::typed( [ $field => $value ] ) ) );
}

/**
 * Changes a ticket at the end of the page, in one batch with all other changes of this PHP request. While the service is
 * unavailable, the change waits in the outbox. Otherwise the same as ticket_metadata_write().
 *
 * @param int   $ticket_id The id of the ticket's post or row.
 * @param array $metadata  For example ['status' => 'closed', 'assigned_to' => null]; null removes a field.
 * @return bool Whether the change was accepted for sending.
 */
function ticket_metadata_defer( int $ticket_id, array $metadata ): bool {
	return Call::defers( $ticket_id, $metadata );
}

/**
 * Reads a ticket.
 *
 * @param int $ticket_id The id of the ticket's post or row.
 * @return array|false Its fields with their types; false if there is no such ticket or the service did not answer.
 */
function ticket_metadata_get( int $ticket_id ) {
	$answer = Call::about( $ticket_id, static fn( Client $client, int $id ) => $client->get( $id ) );
	if ( $answer->status === 200 ) {
		// In a network the service has the ticket under another id.
		return [ 'ticket_id' => $ticket_id ] + $answer->body;
	}
	// A ticket that does not exist, or not any more, is a result, not an error.
	if ( ! in_array( $answer->code, [ 'ticket_not_found', 'ticket_deleted' ], true ) ) {
		Errors::ofAnswer( $ticket_id, $answer );
	}
	return false;
}

/**
 * Pushes a ticket to MySQL now, whatever its state. The key needs the scope ops.
 *
 * @param int $ticket_id The id of the ticket's post or row.
 * @return bool Whether MySQL holds its newest version.
 */
function ticket_metadata_sync( int $ticket_id ): bool {
	$answer = Call::about( $ticket_id, static fn( Client $client, int $id ) => $client->flush( [ $id ] ) );
	if ( $answer->status !== 200 ) {
		Errors::ofAnswer( $ticket_id, $answer );
		return false;
	}
	$state = $answer->body['results'][0]['state'];
	if ( $state === 'synced' ) {
		return true;
	}
	if ( $state === 'not_found' ) {
		Errors::report( $ticket_id, 'ticket_not_found', __( 'There is no such ticket.', 'ticket-metadata' ), $answer->status );
	} else {
		Errors::report( $ticket_id, 'unsynced', __( 'MySQL does not hold the newest version yet. The service keeps trying.', 'ticket-metadata' ), $answer->status );
	}
	return false;
}

/**
 * Finds tickets by what they are: a page of them. The key needs the scope read.
 *
 * Within a page of the site the same question gets the same answer until the page writes a ticket.
 *
 * @param array $filters For example ['status' => ['open', 'pending'], 'assigned_to' => 7]. All of status, assigned_to ('none' is
 *   unassigned), customer_id, category, priority, created_since, created_until, updated_since, updated_until (Unix seconds,
 *   inclusive). A list means any of its values.
 * @param array $args    sort (ticket_id, created_at or updated_at, descending with -; default -ticket_id), limit (1 to 100; default
 *   50), cursor (next_cursor of the page before), partial (true: what there is while Redis or MySQL is unavailable).
 * @return array|WP_Error tickets (as ticket_metadata_get() returns them), next_cursor (null: this is the last page), has_more, and,
 *   if something is missing, incomplete. A page may hold fewer than limit, or none, while has_more is true. On failure an error
 *   with the service's code or the plugin's, and an array with status (0: the service did not answer) and request_id.
 */
function ticket_metadata_find( array $filters = [], array $args = [] ) {
	return Lists::ofPage()->find( $filters, $args );
}

/**
 * Counts tickets. The key needs the scope read.
 *
 * @param string $group_by status, assigned_to, priority or category.
 * @param array  $filters  As ticket_metadata_find() takes them.
 * @return array|WP_Error counts (numbers by value; 'none' for tickets without one) and as_of (Unix seconds). On failure an error as
 *   ticket_metadata_find() returns it. In a network always not_supported.
 */
function ticket_metadata_counts( string $group_by = 'status', array $filters = [] ) {
	return Lists::ofPage()->counts( $group_by, $filters );
}
