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
	 * @param int[] $ids    the help desk's
	 * @param int[] $newIds those that are surely new to the service; for the others it finds out
	 * @return array<int, Outcome> by id
	 */
	public function deliver( Bridge $bridge, array $ids, array $newIds = [] ): array {
		$isNew    = array_fill_keys( $newIds, true );
		$outcomes = [];
		$now      = $bridge->snapshots( $ids );
		$fields   = new Fields( $bridge );
		for ( $round = 1; $ids !== []; $round++ ) {
			[ $changes, $refused ] = self::changes( $bridge->slug(), $fields, $ids, $now, $isNew );
			$outcomes              = array_replace( $outcomes, $refused, $this->batch->send( $changes ) );
			$isStored              = static fn( int $id ): bool => $outcomes[ $id ]->isStored();
			$stored                = array_filter( $ids, $isStored );
			$sent                  = $now;
			// Two PHP requests may change a ticket and send it in the opposite order. Reading again after sending finds that.
			$now = $bridge->snapshots( $stored );
			$ids = array_filter( $stored, static fn( int $id ): bool => ( $now[ $id ] ?? null ) !== ( $sent[ $id ] ?? null ) );
			if ( $round === self::ROUNDS_MAX ) {
				$changing = Outcome::undelivered( 'still_changing', 'The ticket changed again each time it was sent.' );
				return array_replace( $outcomes, array_fill_keys( $ids, $changing ) );
			}
			$isNew = [];
		}
		return $outcomes;
	}

	/**
	 * @param array<int, array> $snapshots
	 * @param array<int, true>  $isNew
	 * @return array{array<int, Change>, array<int, Outcome>} what can be sent, and the reasons for the rest
	 */
	private static function changes( string $slug, Fields $fields, array $ids, array $snapshots, array $isNew ): array {
		$changes = [];
		$refused = [];
		foreach ( $ids as $id ) {
			try {
				$ticketId       = TicketIds::toService( $slug, $id );
				$changes[ $id ] = isset( $snapshots[ $id ] )
					? new Change( $ticketId, $fields->of( $snapshots[ $id ] ), isset( $isNew[ $id ] ) )
					: new Change( $ticketId, $fields->ofDeleted(), false, true );
			} catch ( \RangeException $error ) {
				$refused[ $id ] = Outcome::refused( 'id_out_of_range', $error->getMessage() );
			}
		}
		return [ $changes, $refused ];
	}
}
