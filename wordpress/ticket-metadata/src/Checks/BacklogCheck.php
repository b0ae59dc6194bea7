<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Client;

/** How far MySQL is behind the service, which only a key with the scope ops may ask. */
final class BacklogCheck {

	private const LATE_MS = 600000;

	public static function of( Client $client ): Finding {
		$answer = $client->backlog();
		if ( $answer->code === 'forbidden' ) {
			return Finding::good( 'backlog', __( 'How far MySQL is behind is not known here', 'ticket-metadata' ), __( 'The key of this site lacks the scope ops. The page /ops of the service shows it to its operators.', 'ticket-metadata' ) );
		}
		$unsynced = $answer->body['unsynced'] ?? null;
		$dead     = $answer->body['dead'] ?? null;
		if ( ! is_int( $unsynced ) || ! is_int( $dead ) ) {
			/* translators: %s: what went wrong */
			return Finding::recommended( 'backlog', __( 'How far MySQL is behind could not be asked', 'ticket-metadata' ), sprintf( __( 'The service was asked and did not say: %s', 'ticket-metadata' ), $answer->detail() ) );
		}
		if ( $dead > 0 ) {
			return Finding::critical(
				'backlog',
				__( 'MySQL refuses tickets', 'ticket-metadata' ),
				/* translators: %s: a number of tickets */
				sprintf( _n( '%s ticket is not written any more. The page /ops of the service says why.', '%s tickets are not written any more. The page /ops of the service says why.', $dead, 'ticket-metadata' ), number_format_i18n( $dead ) )
			);
		}
		/* translators: %s: a number of tickets */
		$text = sprintf( _n( '%s ticket is newer in the service than in MySQL.', '%s tickets are newer in the service than in MySQL.', $unsynced, 'ticket-metadata' ), number_format_i18n( $unsynced ) );
		return ( $answer->body['oldest_due_age_ms'] ?? 0 ) > self::LATE_MS
			? Finding::recommended( 'backlog', __( 'MySQL is behind', 'ticket-metadata' ), $text . ' ' . __( 'The oldest one that is due has been waiting for more than ten minutes.', 'ticket-metadata' ) )
			: Finding::good( 'backlog', __( 'MySQL gets the tickets in time', 'ticket-metadata' ), $text . ' ' . __( 'None has been due for more than ten minutes.', 'ticket-metadata' ) );
	}
}
