<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Erasures;
use TicketMetadata\Config;

/**
 * Whether the key is valid, and for which scopes. Each scope is tested with an invalid request: the service checks the
 * key first, so the kind of refusal answers the question, and nothing is changed.
 */
final class KeyCheck {

	/** @return array<string, Answer> by scope */
	private static function probes( Client $client ): array {
		return [
			// No ids, no operations, and an id that no ticket can have.
			'read'  => $client->list( [] ),
			'write' => $client->batch( [] ),
			'ops'   => $client->flush( [ 0 ] ),
			'erase' => ( new Erasures( $client ) )->get( 0 ),
		];
	}

	/** A service without keys accepts every request of its own machine, whatever key is sent. */
	private static function asksForNone( Config $config ): bool {
		return Client::fromConfig( $config->withoutKey() )->trying()->list( [] )->code === 'validation_failed';
	}

	public static function of( Client $client, Config $config ): Finding {
		$isKeySet = $config->key() !== '';
		$missing = [];
		foreach ( self::probes( $client ) as $scope => $answer ) {
			if ( $answer->code === 'unauthorized' ) {
				return Finding::critical(
					'key',
					$isKeySet ? __( 'The ticket-metadata service does not know the key of this site', 'ticket-metadata' ) : __( 'The ticket-metadata service asks for a key, and none is set', 'ticket-metadata' ),
					__( 'An operator of the service creates a key with npm run key. Put the key into TICKET_METADATA_KEY in wp-config.php and the entry that is printed with it into API_KEYS of the service, then restart the service.', 'ticket-metadata' )
				);
			}
			if ( $answer->code === 'forbidden' || ( $scope === 'erase' && $answer->code === 'not_found' ) ) {
				// Not found: the service is older than the route.
				$missing[ $scope ] = $answer->detail();
			} elseif ( $answer->code !== 'validation_failed' ) {
				/* translators: %s: what went wrong */
				return Finding::recommended( 'key', __( 'The key for the ticket-metadata service could not be checked', 'ticket-metadata' ), sprintf( __( 'Its answer was: %s', 'ticket-metadata' ), $answer->detail() ) );
			}
		}
		if ( isset( $missing['read'] ) || isset( $missing['write'] ) ) {
			return Finding::critical( 'key', __( 'The key for the ticket-metadata service lacks a scope that the plugin needs', 'ticket-metadata' ), implode( ' ', array_unique( $missing ) ) . ' ' . __( 'It needs read and write.', 'ticket-metadata' ) );
		}
		if ( isset( $missing['erase'] ) ) {
			return Finding::recommended( 'key', __( 'The key for the ticket-metadata service may not delete', 'ticket-metadata' ), implode( ' ', $missing ) . ' ' . __( 'Tickets that are deleted on this site are only closed there, and wait in the outbox; the eraser of personal data fails. An operator of the service adds erase to the scopes of the key in API_KEYS, as in shop:read+write+erase+ops:..., and restarts the service.', 'ticket-metadata' ) );
		}
		if ( isset( $missing['ops'] ) ) {
			return Finding::good( 'key', __( 'The key for the ticket-metadata service is valid', 'ticket-metadata' ), __( 'It may read, write and erase. It lacks the scope ops, which ticket_metadata_sync() and the check of MySQL\'s backlog need.', 'ticket-metadata' ) );
		}
		if ( $isKeySet && self::asksForNone( $config ) ) {
			return Finding::recommended( 'key', __( 'The ticket-metadata service asks for no key', 'ticket-metadata' ), __( 'It accepts any key, so the one that is set was not checked. In production, put its entry into API_KEYS of the service.', 'ticket-metadata' ) );
		}
		return $isKeySet
			? Finding::good( 'key', __( 'The key for the ticket-metadata service is valid', 'ticket-metadata' ), __( 'It may read, write, erase and operate the service.', 'ticket-metadata' ) )
			: Finding::good( 'key', __( 'The ticket-metadata service asks for no key', 'ticket-metadata' ), __( 'Without keys it answers only requests of its own machine.', 'ticket-metadata' ) );
	}
}
