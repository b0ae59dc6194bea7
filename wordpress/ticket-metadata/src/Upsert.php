<?php
namespace TicketMetadata;

use TicketMetadata\Changes\Change;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;

/** Creates a ticket, or changes the given fields of an existing one, as HSET does with a hash. */
final class Upsert {

	public static function write( Client $client, int $id, array $fields ): Answer {
		// A ticket without customer cannot be new. So the attempt that is likely to succeed comes first.
		$change    = new Change( $id, $fields, isset( $fields['customer_id'] ) );
		$answer    = self::send( $client, $change );
		$remaining = $change->after( $answer->code );
		return $remaining === null ? $answer : self::send( $client, $remaining );
	}

	private static function send( Client $client, Change $change ): Answer {
		return $change->isNew ? $client->create( $change->ticketId, $change->fields() ) : $client->update( $change->ticketId, $change->fields() );
	}
}
