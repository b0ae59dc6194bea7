<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Client\Client;

/** Sends a help desk's tickets to the service in their current state. */
final class Sender {

	/** A ticket that changes faster than it can be sent goes into the outbox. */
	private const ROUNDS_MAX = 3;

	private Batch $batch;

	public function __construct( Client $client ) {
		$this->batch = new Batch( $client );
	}

	/**
	 * @param int[] $ids           the help desk's
	 * @param int[] $newIds        those that are surely new to the service; for the others it finds out
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
			[ $changes, $refused ] = self::changes( $bridge->slug(), $fields, $ids, $reading, $isNew );
			$outcomes              = array_replace( $outcomes, $refused, $this->batch->send( $changes ) );
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
	 * @param array<int, true> $isNew
	 * @return array{array<int, Change>, array<int, Outcome>} what can be sent, and the reasons for the rest
	 */
	private static function changes( string $slug, Fields $fields, array $ids, Reading $reading, array $isNew ): array {
		$changes = [];
		$refused = [];
		foreach ( $ids as $id ) {
			try {
				$ticketId       = TicketIds::toService( $slug, $id );
				$snapshot       = $reading->of( $id );
				$changes[ $id ] = $snapshot !== null
					? new Change( $ticketId, $fields->of( $snapshot ), isset( $isNew[ $id ] ) )
					: new Change( $ticketId, $fields->ofDeleted(), false, true );
			} catch ( \RangeException $error ) {
				$refused[ $id ] = Outcome::refused( 'id_out_of_range', $error->getMessage() );
			}
		}
		return [ $changes, $refused ];
	}
}
