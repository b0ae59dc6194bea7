<?php
namespace TicketMetadata;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;

/** Creates a ticket, or changes the given fields of one that is there: as HSET does with a hash. */
final class Upsert {

	public static function write( Client $client, int $id, array $fields ): Answer {
		// Without a customer it cannot be a new one: the other way round is the shorter one.
		if ( ! isset( $fields['customer_id'] ) ) {
			$answer = self::change( $client, $id, $fields );
			// Refused with the reason that the caller can do something about.
			return $answer->code === 'ticket_not_found' ? self::create( $client, $id, $fields ) : $answer;
		}
		$answer = self::create( $client, $id, $fields );
		return $answer->code === 'ticket_exists' ? self::change( $client, $id, $fields ) : $answer;
	}

	/** A new ticket has nothing that null could remove. */
	private static function create( Client $client, int $id, array $fields ): Answer {
		$isGiven = static function ( $value ): bool {
			return $value !== null;
		};
		return $client->create( $id, array_filter( $fields, $isGiven ) );
	}

	/** When a ticket was created does not change any more. */
	private static function change( Client $client, int $id, array $fields ): Answer {
		unset( $fields['created_at'] );
		return $client->update( $id, $fields );
	}
}
