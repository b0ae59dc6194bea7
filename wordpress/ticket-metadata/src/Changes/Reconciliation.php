<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Client\Client;
use TicketMetadata\Plugin;

/**
 * Compares the tickets of the help desks with the service, some at each run of WP-Cron, and sends those that differ. So a
 * change is not lost whose PHP process was killed before the end of the page, or that bypassed all hooks, and no page has to
 * write a mark for that.
 */
final class Reconciliation {

	/** Tickets per run and help desk: one query for their ids, one for the tickets, and a few calls of the service. */
	private const TICKETS = 500;

	/** Up to which tickets the last run came, by help desk. */
	private const STATE = 'reconciled';

	/** Memcached reads a longer time as a date. */
	private const KEPT_SECONDS = 30 * 86400;

	private Client $client;

	private function __construct( Client $client ) {
		$this->client = $client;
	}

	/** @return int number of tickets that were sent */
	public static function run(): int {
		$lock = new DatabaseLock( 'reconciliation' );
		if ( ! $lock->take() ) {
			return 0;
		}
		try {
			$client = Plugin::patientClient();
			return Health::reasonToWait( $client, true ) === null ? ( new self( $client ) )->compare() : 0;
		} finally {
			$lock->release();
		}
	}

	private function compare(): int {
		$state = Client::state();
		$saved = $state->get( self::STATE );
		$last  = is_array( $saved ) ? $saved : [];
		$next  = [];
		$sent  = 0;
		foreach ( Bridges::active() as $slug => $bridge ) {
			$ids   = $bridge->ids( (int) ( $last[ $slug ] ?? 0 ), self::TICKETS );
			$sent += $this->send( $bridge, $ids );
			// After the last ones, it begins again.
			$next[ $slug ] = count( $ids ) < self::TICKETS ? 0 : end( $ids );
		}
		// Where one run is enough for all tickets, nothing need be kept.
		if ( $saved !== null || array_filter( $next ) !== [] ) {
			$state->set( self::STATE, $next, self::KEPT_SECONDS );
		}
		return $sent;
	}

	/** @param int[] $ids */
	private function send( Bridge $bridge, array $ids ): int {
		$agreement = Agreement::among( $this->client, $bridge, $ids );
		if ( $agreement === null ) {
			return 0;
		}
		$different = array_values( array_diff( $ids, $agreement->agreeing ) );
		if ( $different === [] ) {
			return 0;
		}
		$tombstones = new Tombstones( $bridge->slug() );
		$different  = $tombstones->without( $different );
		// The outbox has its own times for these.
		$waiting  = ( new Outbox() )->waiting( $bridge->slug(), $different );
		$outcomes = ( new Sender( $this->client ) )->deliver( $bridge, array_values( array_diff( $different, array_keys( $waiting ) ) ), $agreement->missing );
		$tombstones->note( array_keys( array_filter( $outcomes, static fn( Outcome $outcome ): bool => $outcome->isFinal() ) ) );
		return count( array_filter( $outcomes, static fn( Outcome $outcome ): bool => $outcome->isStored() ) );
	}
}
