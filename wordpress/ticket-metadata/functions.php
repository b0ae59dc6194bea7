<?php
/** The functions for other plugins and themes. None of them throws; the reason for a false goes to the action ticket_metadata_error. */

use TicketMetadata\Call;
use TicketMetadata\Client\Client;
use TicketMetadata\Errors;
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
	// A ticket that does not exist is a result, not an error.
	if ( $answer->code !== 'ticket_not_found' ) {
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
