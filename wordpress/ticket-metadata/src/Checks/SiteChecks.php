<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** What the site knows without asking the service. */
final class SiteChecks {

	/** WP-Cron replays every minute: what is still here has met something that lasts. */
	public const LATE_SECONDS = 600;

	/** Of the room for changes that wait. */
	private const FULL_SHARE = 0.8;

	public static function settings( Config $config ): Finding {
		$problems = $config->problems();
		if ( $problems !== [] ) {
			return Finding::critical( 'settings', __( 'Settings of Ticket Metadata cannot be used', 'ticket-metadata' ), implode( ' ', $problems ) );
		}
		if ( $config->isDisabled() ) {
			return Finding::recommended( 'settings', __( 'Ticket Metadata is switched off', 'ticket-metadata' ), __( 'Nothing is sent to the service, and changes of tickets are not noted. When it is on again, "wp ticket-metadata backfill" brings them to the service.', 'ticket-metadata' ) );
		}
		return Finding::good( 'settings', __( 'The settings of Ticket Metadata can be used', 'ticket-metadata' ), __( 'What a constant of wp-config.php says wins over the settings page.', 'ticket-metadata' ) );
	}

	public static function outbox( Config $config ): Finding {
		$outbox   = new Outbox();
		$oldestAt = $outbox->oldestAt();
		$dropped  = $outbox->dropped();
		if ( $dropped > 0 ) {
			return Finding::critical(
				'outbox',
				__( 'Changes of tickets found no room to wait', 'ticket-metadata' ),
				/* translators: %s: a number of changes */
				sprintf( _n( '%s change was not kept, because so many waited already.', '%s changes were not kept, because so many waited already.', $dropped, 'ticket-metadata' ), number_format_i18n( $dropped ) )
					. ' ' . __( 'When the service can be reached, "wp ticket-metadata backfill" brings all tickets to it.', 'ticket-metadata' )
			);
		}
		// The usual case is found out by one look at the first row.
		if ( $oldestAt === null ) {
			return Finding::good( 'outbox', __( 'No changes of tickets wait for the service', 'ticket-metadata' ), __( 'All that the help desks reported has been delivered.', 'ticket-metadata' ) );
		}
		$depth   = $outbox->depth();
		$refused = $outbox->refused();
		/* translators: 1: a number of tickets, 2: a time, such as "5 minutes" */
		$text = sprintf( _n( '%1$s ticket waits, for %2$s.', '%1$s tickets wait, the oldest for %2$s.', $depth, 'ticket-metadata' ), number_format_i18n( $depth ), human_time_diff( $oldestAt ) );
		if ( $refused > 0 ) {
			return Finding::critical( 'outbox', __( 'Tickets cannot be delivered to the ticket-metadata service as they are', 'ticket-metadata' ), $text . ' ' . self::refusals( $refused ) );
		}
		if ( $depth > self::FULL_SHARE * $config->outboxMax() ) {
			/* translators: %s: a number of tickets */
			return Finding::critical( 'outbox', __( 'The room for tickets that wait is nearly full', 'ticket-metadata' ), $text . ' ' . sprintf( __( 'There is room for %s. What comes then is not kept.', 'ticket-metadata' ), number_format_i18n( $config->outboxMax() ) ) );
		}
		return time() - $oldestAt > self::LATE_SECONDS
			? Finding::recommended( 'outbox', __( 'Tickets have been waiting for the service for long', 'ticket-metadata' ), $text . ' ' . __( 'Test the connection in the settings, and see that WP-Cron runs.', 'ticket-metadata' ) )
			: Finding::good( 'outbox', __( 'Tickets wait for the service', 'ticket-metadata' ), $text . ' ' . __( 'They are sent within minutes, or when the service is back.', 'ticket-metadata' ) );
	}

	public static function delivery(): Finding {
		$at = Plugin::lastDelivery()->at();
		$oldestAt = ( new Outbox() )->oldestAt();
		if ( $at === null && ( $oldestAt === null || time() - $oldestAt <= self::LATE_SECONDS ) ) {
			return Finding::good( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service yet', 'ticket-metadata' ), __( '"wp ticket-metadata backfill" brings the tickets to it that are there already.', 'ticket-metadata' ) );
		}
		if ( $at === null ) {
			return Finding::recommended( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service for long, though tickets wait', 'ticket-metadata' ), __( 'Test the connection in the settings, and see that WP-Cron runs.', 'ticket-metadata' ) );
		}
		/* translators: 1: a date and time, 2: a time, such as "5 minutes" */
		$text     = sprintf( __( 'The last delivery was at %1$s, %2$s ago.', 'ticket-metadata' ), (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $at ), human_time_diff( $at ) );
		$isLate   = $oldestAt !== null && time() - max( $at, $oldestAt ) > self::LATE_SECONDS;
		return $isLate
			? Finding::recommended( 'delivery', __( 'Nothing has been delivered to the ticket-metadata service for long, though tickets wait', 'ticket-metadata' ), $text )
			: Finding::good( 'delivery', __( 'Tickets are delivered to the ticket-metadata service', 'ticket-metadata' ), $text );
	}

	private static function refusals( int $refused ): string {
		return sprintf(
			/* translators: %s: a number of tickets */
			_n( '%s was refused, and is tried again from time to time. "wp ticket-metadata replay" says why.', '%s were refused, and are tried again from time to time. "wp ticket-metadata replay" says why.', $refused, 'ticket-metadata' ),
			number_format_i18n( $refused )
		);
	}
}
