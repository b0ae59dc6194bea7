<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;
use TicketMetadata\Client\SharedState;

/** Tickets of a help desk that were deleted in the service although the help desk has them: the comparison tries them again once a day, because a tombstone expires. */
final class Tombstones {

	private const TRIED_EVERY_SECONDS = 86400;

	/** The newest. Those beyond are tried at each comparison. */
	private const KEPT_MAX = 1000;

	private SharedState $state;

	private string $name;

	/** @var array<int, int> Unix seconds of the last attempt, by the help desk's id; oldest first */
	private array $triedAt;

	public function __construct( string $slug ) {
		$this->state   = Client::state();
		$this->name    = "tombstones_$slug";
		$saved         = $this->state->get( $this->name );
		$isRecent      = static fn( $at ): bool => is_int( $at ) && $at > time() - self::TRIED_EVERY_SECONDS;
		$this->triedAt = array_filter( is_array( $saved ) ? $saved : [], $isRecent );
	}

	/**
	 * @param int[] $ids
	 * @return int[]
	 */
	public function without( array $ids ): array {
		return array_values( array_filter( $ids, fn( int $id ): bool => ! isset( $this->triedAt[ $id ] ) ) );
	}

	/** @param int[] $ids */
	public function note( array $ids ): void {
		if ( $ids === [] ) {
			return;
		}
		$all = array_diff_key( $this->triedAt, array_flip( $ids ) ) + array_fill_keys( $ids, time() );
		$this->state->set( $this->name, array_slice( $all, -self::KEPT_MAX, null, true ), self::TRIED_EVERY_SECONDS );
	}
}
