<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Deadline;
use TicketMetadata\Combining\TableColumns;
use TicketMetadata\Config;
use TicketMetadata\Errors;

/** Replays the outbox every minute by WP-Cron, and looks for tickets that never got there. */
final class Schedule {

	public const EVENT = 'ticket_metadata_replay';

	private const EVERY = 'ticket_metadata_minute';

	/** Some sites have the machine call WP-Cron every few minutes. */
	private const LATE_SECONDS = 600;

	private const TICKETS_MAX = 10000;

	/** WP-Cron starts the next run after a minute, whether this one has ended or not. */
	private const SECONDS_MAX = 30;

	public static function listen(): void {
		// In every PHP request: WordPress needs the schedule whenever it reschedules the event.
		add_filter( 'cron_schedules', [ self::class, 'addEveryMinute' ] );
		add_action( 'init', [ self::class, 'begin' ] );
		add_action( self::EVENT, [ self::class, 'run' ] );
	}

	public static function addEveryMinute( array $schedules ): array {
		$schedules[ self::EVERY ] = [
			'interval' => 60,
			// Other plugins read the schedules before translations are loaded.
			'display'  => did_action( 'init' ) > 0 ? __( 'Every minute', 'ticket-metadata' ) : 'Every minute',
		];
		return $schedules;
	}

	public static function begin(): void {
		if ( wp_next_scheduled( self::EVENT ) === false ) {
			wp_schedule_event( time(), self::EVERY, self::EVENT );
		}
	}

	/** Whether WP-Cron seems to run. WordPress has its events in an autoloaded option. */
	public static function runs(): bool {
		$next = wp_next_scheduled( self::EVENT );
		return $next !== false && time() - $next <= self::LATE_SECONDS;
	}

	public static function end(): void {
		wp_clear_scheduled_hook( self::EVENT );
	}

	public static function run(): void {
		try {
			( new Config() )->combinesWrites() ? TableColumns::check() : TableColumns::remove();
		} catch ( \Throwable $error ) {
			// As below.
			Errors::report( 0, 'combine_failed', $error->getMessage() );
		}
		try {
			$deadline = Deadline::in( self::SECONDS_MAX * 1000 );
			$result   = Replay::run( self::TICKETS_MAX, null, $deadline );
			if ( $result->stoppedBy === '' && ! $deadline->hasPassed() && ! ( new Config() )->isDisabled() ) {
				Reconciliation::run();
			}
		} catch ( \Throwable $error ) {
			// For example of the database. WP-Cron must go on with other events.
			Errors::report( 0, 'replay_failed', $error->getMessage() );
		}
	}
}
