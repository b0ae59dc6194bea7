<?php
/** The functions for other plugins and themes. None throws; why one answers false goes to the action ticket_metadata_error. */

use TicketMetadata\Call;
use TicketMetadata\Client\Client;
use TicketMetadata\Errors;
use TicketMetadata\Numbers;
use TicketMetadata\Plugin;
use TicketMetadata\Upsert;

/**
 * Writes a ticket: creates it, or changes the given fields of one that is there already.
 *
 * @param int   $ticket_id The id of its post or row.
 * @param array $metadata  Such as ['customer_id' => 123, 'subject' => 'Order issue', 'status' => 'open'].
 * @return bool Whether the service keeps it.
 */
function ticket_metadata_write( int $ticket_id, array $metadata ): bool {
	return Call::stores( $ticket_id, static fn( Client $client, int $id ) => Upsert::write( $client, $id, Numbers::typed( $metadata ) ) );
}

/**
 * Changes one field of a ticket.
 *
 * @param int    $ticket_id The id of its post or row.
 * @param string $field     Such as 'status' or 'assigned_to'.
 * @param mixed  $value     null removes the field.
 * @return bool Whether the service keeps the change.
 */
function ticket_metadata_update_field( int $ticket_id, string $field, $value ): bool {
	return Call::stores( $ticket_id, static fn( Client $client, int $id ) => $client->update( $id, Numbers::typed( [ $field => $value ] ) ) );
}

/**
 * Changes a ticket when the page is done: with all other changes of this PHP request, in one batch. When the service is
 * away, the change waits in the site's database. Otherwise as ticket_metadata_write().
 *
 * @param int   $ticket_id The id of its post or row.
 * @param array $metadata  Such as ['status' => 'closed', 'assigned_to' => null]; null removes a field.
 * @return bool Whether it can be sent.
 */
function ticket_metadata_defer( int $ticket_id, array $metadata ): bool {
	return Call::defers( $ticket_id, $metadata );
}

/**
 * Reads a ticket.
 *
 * @param int $ticket_id The id of its post or row.
 * @return array|false Its fields with their types; false where there is no such ticket, or the service did not answer.
 */
function ticket_metadata_get( int $ticket_id ) {
	$answer = Call::about( $ticket_id, static fn( Client $client, int $id ) => $client->get( $id ) );
	if ( $answer->status === 200 ) {
		// In a network the service knows it by another id.
		return [ 'ticket_id' => $ticket_id ] + $answer->body;
	}
	// To ask is how one learns that there is none.
	if ( $answer->code !== 'ticket_not_found' ) {
		Errors::ofAnswer( $ticket_id, $answer );
	}
	return false;
}

/**
 * Pushes a ticket to MySQL now, whatever its state. The key needs the scope ops.
 *
 * @param int $ticket_id The id of its post or row.
 * @return bool Whether MySQL holds its newest version.
 */
function ticket_metadata_sync( int $ticket_id ): bool {
	$answer = Call::about( $ticket_id, static fn( Client $client, int $id ) => $client->flush( [ $id ] ) );
	if ( $answer->status !== 200 ) {
		Errors::ofAnswer( $ticket_id, $answer );
		return false;
	}
	$state = $answer->body['results'][0]['state'] ?? '';
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
