<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Plugin;

/**
 * Manages this site's tickets in the ticket-metadata service.
 */
final class Commands {

	use ListCommands;

	/** @var callable(int): void */
	private $pause;

	/** @param callable(int): void|null $pause waits for the given number of seconds */
	public function __construct( ?callable $pause = null ) {
		$this->pause = $pause ?? 'sleep';
	}

	public static function listen(): void {
		\WP_CLI::add_command( 'ticket-metadata', self::class );
	}

	/**
	 * Checks the connection to the service, the key, the clock and the statuses, and shows the outbox.
	 *
	 * The exit code is 1 when something is critical.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Output format.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     # For a monitoring system.
	 *     $ wp ticket-metadata status --format=json
	 */
	public function status( array $arguments, array $options ): void {
		( new Status() )->show( $options['format'] ?? 'table' );
	}

	/**
	 * Sends the tickets in the outbox, including those that the service has refused.
	 *
	 * The exit code is 1 when some are left.
	 *
	 * ## OPTIONS
	 *
	 * [--limit=<tickets>]
	 * : Send at most this number.
	 *
	 * [--discard-refused]
	 * : Delete what the service still refuses: deferred fields that it will never accept, or tickets of a help desk that
	 * is no longer active.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp ticket-metadata replay
	 *     Success: Delivered 12, refused 0, left 0.
	 */
	public function replay( array $arguments, array $options ): void {
		( new Replaying() )->run( Options::number( $options, 'limit', PHP_INT_MAX ), ! empty( $options['discard-refused'] ) );
	}

	/**
	 * Compares all tickets of the help desks with the service and sends those that differ. You can repeat it at any time.
	 *
	 * ## OPTIONS
	 *
	 * [--bridge=<slug>]
	 * : Only tickets of this help desk.
	 *
	 * [--after=<id>]
	 * : Only tickets with a greater id, to continue an interrupted run. Needs --bridge if several help desks are active.
	 *
	 * [--batch=<tickets>]
	 * : Tickets per request, at most 500.
	 * ---
	 * default: 200
	 * ---
	 *
	 * [--dry-run]
	 * : Read the tickets and send nothing.
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp ticket-metadata backfill
	 *     Awesome Support: 4211 tickets delivered, 0 refused.
	 *     Success: All tickets are in the service.
	 *
	 *     # Continue an interrupted run.
	 *     $ wp ticket-metadata backfill --bridge=supportcandy --after=12000
	 */
	public function backfill( array $arguments, array $options ): void {
		$bridges = $this->bridges( $options );
		$after   = Options::number( $options, 'after', 0 );
		if ( $after > 0 && count( $bridges ) > 1 ) {
			\WP_CLI::error( __( 'Several help desks are active, each with its own ids: choose one with --bridge.', 'ticket-metadata' ) );
		}
		$backfill = new Backfill( Plugin::patientClient(), $this->pause, Options::batch( $options ), ! empty( $options['dry-run'] ) );
		$backfill->run( $bridges, $after, ! isset( $options['bridge'] ) && $after === 0 );
	}

	/**
	 * Compares every ticket of the help desks with the service.
	 *
	 * The exit code is 1 when they do not agree.
	 *
	 * ## OPTIONS
	 *
	 * [--bridge=<slug>]
	 * : Only tickets of this help desk.
	 *
	 * [--batch=<tickets>]
	 * : Tickets per request, at most 500.
	 * ---
	 * default: 200
	 * ---
	 *
	 * [--limit=<differences>]
	 * : Show at most this number of differences. All are counted.
	 * ---
	 * default: 100
	 * ---
	 *
	 * [--format=<format>]
	 * : Output format; count prints the number of tickets that differ or are missing.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - count
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp ticket-metadata verify
	 *     Success: 4211 tickets agree.
	 */
	public function verify( array $arguments, array $options ): void {
		$verify = new Verify( Plugin::patientClient(), Options::batch( $options ), Options::number( $options, 'limit', 100 ) );
		$verify->run( $this->bridges( $options ), $options['format'] ?? 'table' );
	}

	/** @return array<string, Bridge> */
	private function bridges( array $options ): array {
		$active = Bridges::active();
		if ( $active === [] ) {
			\WP_CLI::error( __( 'No help desk that the plugin supports is active on this site.', 'ticket-metadata' ) );
		}
		$slug = $options['bridge'] ?? null;
		if ( $slug === null ) {
			return $active;
		}
		if ( ! isset( $active[ $slug ] ) ) {
			/* translators: 1: a help desk's slug, 2: a list of slugs */
			\WP_CLI::error( sprintf( __( 'The help desk %1$s is not active here. Active are: %2$s.', 'ticket-metadata' ), $slug, implode( ', ', array_keys( $active ) ) ) );
		}
		return [ $slug => $active[ $slug ] ];
	}
}
