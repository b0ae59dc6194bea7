<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** Checks that need no call to the service. */
final class SiteChecks {

	/** WP-Cron replays every minute, so a ticket that is older has a lasting problem. */
	public const LATE_SECONDS = 600;

	/** Share of the outbox limit. */
	private const FULL_SHARE = 0.8;

	public static function settings( Config $config ): Finding {
		$problems = $config->problems();
		if ( $problems !== [] ) {
			return Finding::critical( 'settings', __( 'Settings of Ticket Metadata are invalid', 'ticket-metadata' ), implode( ' ', $problems ) );
		}
		if ( $config->isDisabled() ) {
			return Finding::recommended( 'settings', __( 'Ticket Metadata is switched off', 'ticket-metadata' ), __( 'Nothing is sent to the service, and changes to tickets are not recorded. After you switch it on again, run "wp ticket-metadata backfill".', 'ticket-metadata' ) );
		}
		return Finding::good( 'settings', __( 'The settings of Ticket Metadata are valid', 'ticket-metadata' ), __( 'A constant in wp-config.php takes precedence over the settings page.', 'ticket-metadata' ) );
	}

	public static function outbox( Config $config ): Finding {
		$outbox   = new Outbox();
		$oldestAt = $outbox->oldestAt();
		$dropped  = $outbox->dropped();
		if ( $dropped > 0 ) {
			return Finding::critical(
				'outbox',
				__( 'The outbox was full, and changes were dropped', 'ticket-metadata' ),
				/* translators: %s: a number of changes */
				sprintf( _n( '%s change was dropped because the outbox was full.', '%s changes were dropped because the outbox was full.', $dropped, 'ticket-metadata' ), number_format_i18n( $dropped ) )
					. ' ' . __( 'When the service can be reached, run "wp ticket-metadata backfill", which sends all tickets.', 'ticket-metadata' )
			);
		}
		// The usual case needs only the first row.
		if ( $oldestAt === null ) {
			return Finding::good( 'outbox', __( 'The outbox is empty', 'ticket-metadata' ), __( 'Every change that the help desks reported was delivered.', 'ticket-metadata' ) );
		}
		$depth   = $outbox->depth();
		$refused = $outbox->refused();
		/* translators: 1: a number of tickets, 2: a time, such as "5 minutes" */
		$text = sprintf( _n( '%1$s ticket has been waiting for %2$s.', '%1$s tickets are waiting, the oldest for %2$s.', $depth, 'ticket-metadata' ), number_format_i18n( $depth ), human_time_diff( $oldestAt ) );
		if ( $refused > 0 ) {
			return Finding::critical( 'outbox', __( 'The ticket-metadata service refuses tickets of this site', 'ticket-metadata' ), $text . ' ' . self::refusals( $refused ) );
		}
		if ( $depth > self::FULL_SHARE * $config->outboxMax() ) {
			/* translators: %s: a number of tickets */
			return Finding::critical( 'outbox', __( 'The outbox is nearly full', 'ticket-metadata' ), $text . ' ' . sprintf( __( 'Its limit is %s. Changes beyond it are dropped.', 'ticket-metadata' ), number_format_i18n( $config->outboxMax() ) ) );
		}
		return time() - $oldestAt > self::LATE_SECONDS
			? Finding::recommended( 'outbox', __( 'Tickets have been waiting in the outbox for a long time', 'ticket-metadata' ), $text . ' ' . __( 'Test the connection in the settings, and check that WP-Cron runs.', 'ticket-metadata' ) )
			: Finding::good( 'outbox', __( 'Tickets are waiting in the outbox', 'ticket-metadata' ), $text . ' ' . __( 'They are sent within minutes, or when the service is available again.', 'ticket-metadata' ) );
	}

	public static function delivery(): Finding {
		$at = Plugin::lastDelivery()->at();
		$oldestAt = ( new Outbox() )->oldestAt();
		if ( $at === null && ( $oldestAt === null || time() - $oldestAt <= self::LATE_SECONDS ) ) {
			return Finding::good( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service yet', 'ticket-metadata' ), __( '"wp ticket-metadata backfill" sends the tickets that exist already.', 'ticket-metadata' ) );
		}
		if ( $at === null ) {
			return Finding::recommended( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service for a long time, although tickets are waiting', 'ticket-metadata' ), __( 'Test the connection in the settings, and check that WP-Cron runs.', 'ticket-metadata' ) );
		}
		/* translators: 1: a date and time, 2: a time, such as "5 minutes" */
		$text     = sprintf( __( 'The last delivery was at %1$s, %2$s ago.', 'ticket-metadata' ), (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $at ), human_time_diff( $at ) );
		$isLate   = $oldestAt !== null && time() - max( $at, $oldestAt ) > self::LATE_SECONDS;
		return $isLate
			? Finding::recommended( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service for a long time, although tickets are waiting', 'ticket-metadata' ), $text )
			: Finding::good( 'delivery', __( 'Tickets are delivered to the ticket-metadata service', 'ticket-metadata' ), $text );
	}

	private static function refusals( int $refused ): string {
		return sprintf(
			/* translators: %s: a number of tickets */
			_n( '%s was refused and is retried from time to time. "wp ticket-metadata replay" says why.', '%s were refused and are retried from time to time. "wp ticket-metadata replay" says why.', $refused, 'ticket-metadata' ),
			number_format_i18n( $refused )
		);
	}
}
