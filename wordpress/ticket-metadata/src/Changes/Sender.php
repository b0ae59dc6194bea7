<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Client\Client;

/** Sends a help desk's tickets to the service in their current state. */
final class Sender {

	/** A ticket that changes faster than it can be sent goes into the outbox. */
	private const ROUNDS_MAX = 3;

	private Client $client;

	private Batch $batch;

	public function __construct( Client $client ) {
		$this->client = $client;
		$this->batch  = new Batch( $client );
	}

	/**
	 * @param int[] $ids           the help desk's
	 * @param int[] $newIds        those that are new to the service; for the others it finds out
	 * @param bool  $isOfRequest   whether this PHP request changed them, and so knows most of them
	 * @return array<int, Outcome> by id
	 */
	public function deliver( Bridge $bridge, array $ids, array $newIds = [], bool $isOfRequest = false ): array {
		$isNew    = array_fill_keys( $newIds, true );
		$outcomes = [];
		$versions = [];
		$reading  = $isOfRequest ? Reading::fromRequest( $bridge, $ids ) : Reading::fromDatabase( $bridge, $ids );
		$fields   = new Fields( $bridge );
		for ( $round = 1; ; $round++ ) {
			$changes  = new SnapshotChanges( $bridge, $fields, $reading, $isNew, $isOfRequest );
			$outcomes = array_replace( $outcomes, $this->send( $changes, $fields, $ids ) );
			// Two PHP requests may change a ticket and send it in the opposite order. Reading again after sending finds that.
			$doubtful = array_values( array_filter( $ids, static fn( int $id ): bool => $outcomes[ $id ]->isStored() && $outcomes[ $id ]->mayHideAnother( $reading->ageMs( $id ), $versions[ $id ] ?? null ) ) );
			if ( $doubtful === [] ) {
				return $outcomes;
			}
			$now = Reading::fromDatabase( $bridge, $doubtful );
			$ids = array_values( array_filter( $doubtful, static fn( int $id ): bool => $now->of( $id ) !== $reading->of( $id ) ) );
			if ( $ids === [] || $round === self::ROUNDS_MAX ) {
				$changing = Outcome::undelivered( 'still_changing', 'The ticket changed again each time it was sent.' );
				return array_replace( $outcomes, array_fill_keys( $ids, $changing ) );
			}
			$versions = array_map( static fn( Outcome $outcome ): ?int => $outcome->version, $outcomes );
			$reading  = $now;
			$isNew    = [];
		}
	}

	/**
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function send( SnapshotChanges $changes, Fields $fields, array $ids ): array {
		[ $sent, $refused ] = $changes->of( $ids );
		$outcomes           = $refused + $this->batch->send( $sent );
		$isDenied           = static fn( Change $change, int $id ): bool => $change->isDeletion() && $outcomes[ $id ]->isRefused;
		$denied             = array_map( static fn( Change $change ): int => $change->ticketId, array_filter( $sent, $isDenied, ARRAY_FILTER_USE_BOTH ) );
		return $denied === [] ? $outcomes : ( new DeniedDeletions( $this->client, $this->batch, $fields->ofDeleted() ) )->close( $denied, $outcomes );
	}
}
