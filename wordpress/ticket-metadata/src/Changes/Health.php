<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;

/**
 * Whether the service can tell which tickets it has. Without Redis it takes a change of any ticket, to make it later, and
 * then there may be no such ticket: what nobody knows to have arrived had better wait here.
 */
final class Health {

	/**
	 * @param bool $isTrial asks even where the circuit is open
	 * @return Outcome|null null: none is known
	 */
	public static function reasonToWait( Client $client, bool $isTrial ): ?Outcome {
		$answer = $client->health( $isTrial );
		$state  = $answer->body['redis']['state'] ?? null;
		if ( $state === null ) {
			// Whoever hides /health does not keep changes from being sent.
			return $answer->isRetriable() ? Outcome::ofAnswer( $answer ) : null;
		}
		$isWhole = $state === 'up' && ( $answer->body['journal'] ?? '' ) !== 'active';
		return $isWhole ? null : Outcome::undelivered( 'redis_unavailable', 'The service has no Redis at the moment, and cannot tell whether it knows the ticket.' );
	}
}
