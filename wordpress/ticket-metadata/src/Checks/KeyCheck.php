<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;

/**
 * Whether the key is valid, and for what. Each scope is tried by a request that the service refuses to carry out
 * because of what it asks for: it looks at the key first, so the refusal tells, and nothing is changed.
 */
final class KeyCheck {

	/** @return array<string, Answer> by scope */
	private static function probes( Client $client ): array {
		return [
			// No ids at all, no operations at all, and an id that no ticket can have.
			'read'  => $client->list( [] ),
			'write' => $client->batch( [] ),
			'ops'   => $client->flush( [ 0 ] ),
		];
	}

	/** A service without keys lets everyone of its own machine do everything, whatever key is sent. */
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
					__( 'An operator of the service makes a key with npm run key. It belongs into TICKET_METADATA_KEY in wp-config.php, and the entry that is printed with it into API_KEYS of the service, which is then restarted.', 'ticket-metadata' )
				);
			}
			if ( $answer->code === 'forbidden' ) {
				$missing[ $scope ] = $answer->detail();
			} elseif ( $answer->code !== 'validation_failed' ) {
				/* translators: %s: what went wrong */
				return Finding::recommended( 'key', __( 'The key for the ticket-metadata service could not be checked', 'ticket-metadata' ), sprintf( __( 'The service was asked and did not say: %s', 'ticket-metadata' ), $answer->detail() ) );
			}
		}
		if ( isset( $missing['read'] ) || isset( $missing['write'] ) ) {
			return Finding::critical( 'key', __( 'The ticket-metadata service does not let this site do what it needs to', 'ticket-metadata' ), implode( ' ', array_unique( $missing ) ) . ' ' . __( 'The plugin needs the scopes read and write.', 'ticket-metadata' ) );
		}
		if ( isset( $missing['ops'] ) ) {
			return Finding::good( 'key', __( 'The key for the ticket-metadata service is valid', 'ticket-metadata' ), __( 'It may read and write. It lacks the scope ops, which ticket_metadata_sync() would need, and the check of how far MySQL is behind.', 'ticket-metadata' ) );
		}
		if ( $isKeySet && self::asksForNone( $config ) ) {
			return Finding::recommended( 'key', __( 'The ticket-metadata service asks for no key', 'ticket-metadata' ), __( 'It takes any, so the one that is set has not been checked. In production, its entry belongs into API_KEYS of the service.', 'ticket-metadata' ) );
		}
		return $isKeySet
			? Finding::good( 'key', __( 'The key for the ticket-metadata service is valid', 'ticket-metadata' ), __( 'It may read, write and operate the service.', 'ticket-metadata' ) )
			: Finding::good( 'key', __( 'The ticket-metadata service asks for no key', 'ticket-metadata' ), __( 'So it answers only to its own machine.', 'ticket-metadata' ) );
	}
}
