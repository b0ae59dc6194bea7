<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;

/** Sends changes to different tickets in as few requests as possible. */
final class Batch {

	/** The service's limit per batch. */
	public const SIZE_MAX = 500;

	/** Errors of one change that fail the whole batch: then it is sent in halves, down to the change alone. */
	private const OF_ONE = [ 'payload_too_large', 'invalid_argument' ];

	private Client $client;

	public function __construct( Client $client ) {
		$this->client = $client;
	}

	/**
	 * @param array<int, Change> $changes
	 * @return array<int, Outcome> by the same keys
	 */
	public function send( array $changes ): array {
		$outcomes = [];
		foreach ( array_chunk( $changes, self::SIZE_MAX, true ) as $some ) {
			$outcomes += $this->sendSome( $some );
			if ( self::isCutOff( $outcomes ) ) {
				// The remaining batches would fail in the same way.
				$reason = end( $outcomes );
				return $outcomes + array_fill_keys( array_keys( $changes ), $reason );
			}
		}
		return $outcomes;
	}

	/** @param array<int, Outcome> $outcomes */
	private static function isCutOff( array $outcomes ): bool {
		$last = end( $outcomes );
		return $last !== false && ! $last->isStored() && ! $last->isRefused;
	}

	/**
	 * @param array<int, Change> $changes
	 * @return array<int, Outcome>
	 */
	private function sendSome( array $changes ): array {
		$outcomes = [];
		for ( $pending = $changes; $pending !== []; ) {
			$turned = [];
			foreach ( $this->attempt( $pending ) as $key => $outcome ) {
				$outcomes[ $key ] = $pending[ $key ]->isDoneBy( $outcome->code ) ? Outcome::gone() : $outcome;
				$remaining        = $outcomes[ $key ]->isStored() ? null : $pending[ $key ]->after( $outcome->code );
				if ( $remaining !== null ) {
					$turned[ $key ] = $remaining;
				}
			}
			$pending = $turned;
		}
		return $outcomes;
	}

	/**
	 * @param array<int, Change> $changes
	 * @return array<int, Outcome>
	 */
	private function attempt( array $changes ): array {
		$operations = array_map( static fn( Change $change ): array => $change->toOperation(), array_values( $changes ) );
		$answer     = $this->client->batch( $operations );
		if ( ( $answer->isTooLarge || in_array( $answer->code, self::OF_ONE, true ) ) && count( $changes ) > 1 ) {
			[ $half, $rest ] = array_chunk( $changes, intdiv( count( $changes ) + 1, 2 ), true );
			$outcomes         = $this->attempt( $half );
			return $outcomes + ( self::isCutOff( $outcomes ) ? array_fill_keys( array_keys( $rest ), end( $outcomes ) ) : $this->attempt( $rest ) );
		}
		return array_combine( array_keys( $changes ), self::outcomes( $answer, array_column( $operations, 'ticket_id' ) ) );
	}

	/**
	 * @param int[] $ticketIds of the operations
	 * @return Outcome[] in the order of the operations
	 */
	private static function outcomes( Answer $answer, array $ticketIds ): array {
		$count = count( $ticketIds );
		if ( $answer->code !== '' ) {
			$outcome = in_array( $answer->code, self::OF_ONE, true )
				? Outcome::refused( $answer->code, $answer->detail() )
				: Outcome::ofAnswer( $answer );
			return array_fill( 0, $count, $outcome );
		}
		$results = $answer->body['results'] ?? null;
		if ( ! is_array( $results ) || count( $results ) !== $count ) {
			return array_fill( 0, $count, Outcome::undelivered( 'bad_answer', 'The answer to a batch does not have a result for each operation.' ) );
		}
		return array_map( [ Outcome::class, 'ofResult' ], array_values( $results ), $ticketIds );
	}
}
