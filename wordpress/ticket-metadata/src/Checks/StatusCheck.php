<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\StatusMap;

/**
 * Whether the service accepts the mapped statuses. Each one is sent together with an invalid field, so that nothing is
 * written: the service reports an unknown status before the invalid field.
 */
final class StatusCheck {

	/** The largest id. If the service ever accepted the request, it would change no ticket of a site. */
	private const TICKET = 9007199254740991;

	public static function of( Client $client ): Finding {
		$statuses = StatusMap::ofSite()->inUse();
		if ( $statuses === [] ) {
			return Finding::good( 'statuses', __( 'No statuses are mapped', 'ticket-metadata' ), __( 'No help desk that the plugin supports is active on this site.', 'ticket-metadata' ) );
		}
		$answer  = $client->batch( array_map( [ self::class, 'operation' ], $statuses ) );
		$results = $answer->body['results'] ?? null;
		if ( ! is_array( $results ) || count( $results ) !== count( $statuses ) ) {
			/* translators: %s: what went wrong */
			return Finding::recommended( 'statuses', __( 'The statuses could not be checked', 'ticket-metadata' ), sprintf( __( 'Its answer was: %s', 'ticket-metadata' ), $answer->detail() ) );
		}
		$refusals = array_filter( array_map( [ self::class, 'refusal' ], array_values( $results ) ), 'is_string' );
		if ( $refusals === [] ) {
			/* translators: %s: a list of statuses */
			return Finding::good( 'statuses', __( 'The ticket-metadata service accepts all mapped statuses', 'ticket-metadata' ), sprintf( __( 'They are: %s.', 'ticket-metadata' ), implode( ', ', $statuses ) ) );
		}
		$refused = array_intersect_key( $statuses, $refusals );
		return Finding::critical(
			'statuses',
			__( 'The ticket-metadata service does not accept all mapped statuses', 'ticket-metadata' ),
			/* translators: 1: a list of statuses, 2: what the service says of them */
			sprintf( __( 'It refuses %1$s: the status %2$s. Change the map in the settings, or TICKET_STATUSES of the service.', 'ticket-metadata' ), implode( ', ', $refused ), reset( $refusals ) )
		);
	}

	private static function operation( string $status ): array {
		return [
			'op'        => 'update',
			'ticket_id' => self::TICKET,
			'status'    => $status,
			// Invalid: a category is text.
			'category'  => 0,
		];
	}

	/**
	 * @param mixed $result
	 * @return string|null what the service says about the status; null: nothing
	 */
	private static function refusal( $result ): ?string {
		$finding = $result['error']['errors'][0] ?? null;
		$pointer = is_array( $finding ) ? $finding['pointer'] ?? null : null;
		return is_string( $pointer ) && substr( $pointer, -7 ) === '/status' ? Answer::line( $finding['message'] ?? null ) : null;
	}
}
