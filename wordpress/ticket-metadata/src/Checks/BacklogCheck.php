<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Client;

/** How far MySQL is behind the service. Needs the scope ops. */
final class BacklogCheck {

	private const LATE_MS = 600000;

	public static function of( Client $client ): Finding {
		$answer = $client->backlog();
		if ( $answer->code === 'forbidden' ) {
			return Finding::good( 'backlog', __( 'This site cannot see how far MySQL is behind', 'ticket-metadata' ), __( 'The key of this site lacks the scope ops. Operators find the backlog on the page /ops of the service.', 'ticket-metadata' ) );
		}
		$unsynced = $answer->body['unsynced'] ?? null;
		$dead     = $answer->body['dead'] ?? null;
		$ageMs    = $answer->body['oldest_due_age_ms'] ?? 0;
		if ( ! is_int( $unsynced ) || ! is_int( $dead ) || ! ( is_int( $ageMs ) || is_float( $ageMs ) ) ) {
			/* translators: %s: what went wrong */
			return Finding::recommended( 'backlog', __( 'The service did not say how far MySQL is behind', 'ticket-metadata' ), sprintf( __( 'Its answer was: %s', 'ticket-metadata' ), $answer->detail() ) );
		}
		if ( $dead > 0 ) {
			return Finding::critical(
				'backlog',
				__( 'MySQL refuses tickets', 'ticket-metadata' ),
				/* translators: %s: a number of tickets */
				sprintf( _n( '%s ticket is a dead letter and is no longer written. The page /ops of the service says why.', '%s tickets are dead letters and are no longer written. The page /ops of the service says why.', $dead, 'ticket-metadata' ), number_format_i18n( $dead ) )
			);
		}
		/* translators: %s: a number of tickets */
		$text = sprintf( _n( '%s ticket is newer in the service than in MySQL.', '%s tickets are newer in the service than in MySQL.', $unsynced, 'ticket-metadata' ), number_format_i18n( $unsynced ) );
		return $ageMs > self::LATE_MS
			? Finding::recommended( 'backlog', __( 'MySQL is behind', 'ticket-metadata' ), $text . ' ' . __( 'The oldest one that is due has been waiting for more than ten minutes.', 'ticket-metadata' ) )
			: Finding::good( 'backlog', __( 'MySQL receives the tickets in time', 'ticket-metadata' ), $text . ' ' . __( 'None has been due for more than ten minutes.', 'ticket-metadata' ) );
	}
}
