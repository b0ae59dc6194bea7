<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;

/**
 * Whether the service can tell which tickets it has. Without Redis it accepts a change to any ticket and applies it
 * later, when the ticket may turn out not to exist. A ticket that may be new to the service therefore waits here.
 */
final class Health {

	/**
	 * @param bool $isTrial asks even if the circuit is open
	 * @return Outcome|null null: no reason
	 */
	public static function reasonToWait( Client $client, bool $isTrial ): ?Outcome {
		$answer = $client->health( $isTrial );
		$state  = $answer->body['redis']['state'] ?? null;
		if ( $state === null ) {
			// A proxy that hides /health must not prevent sending.
			return $answer->isRetriable() ? Outcome::ofAnswer( $answer ) : null;
		}
		$isWhole = $state === 'up' && ( $answer->body['journal'] ?? '' ) !== 'active';
		return $isWhole ? null : Outcome::undelivered( 'redis_unavailable', 'The service cannot reach Redis at the moment, so it cannot tell whether it has the ticket.' );
	}
}
