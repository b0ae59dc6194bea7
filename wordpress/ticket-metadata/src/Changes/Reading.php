<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\RemembersTickets;
use TicketMetadata\Bridges\TellsSinceWhen;

/** Tickets of a help desk as they were read, and when. */
final class Reading {

	/** When the plugin was loaded, and so before this PHP request read or wrote any ticket. In ms of the monotonic clock. */
	private static float $begin = 0;

	/** @var array<int, ?array> snapshots by id; null: there is no such ticket */
	private array $snapshots = [];

	/** @var array<int, true> by id: those that this PHP request deleted */
	private array $deleted = [];

	/** @var array<int, float> by id, as above */
	private array $atMs = [];

	public static function begin(): void {
		self::$begin = self::nowMs();
	}

	/** @param int[] $ids */
	public static function fromDatabase( Bridge $bridge, array $ids ): self {
		$reading = new self();
		$reading->read( $bridge, $ids );
		return $reading;
	}

	/**
	 * As this PHP request knows them, and from the database what it does not know.
	 *
	 * @param int[] $ids
	 */
	public static function fromRequest( Bridge $bridge, array $ids ): self {
		$reading = new self();
		if ( $bridge instanceof RemembersTickets ) {
			$reading->snapshots = $bridge->remembered( $ids );
			foreach ( array_keys( $reading->snapshots ) as $id ) {
				$reading->atMs[ $id ] = $bridge instanceof TellsSinceWhen ? $bridge->knownSince( $id ) : self::$begin;
			}
			$reading->deleted = array_fill_keys( array_keys( $reading->snapshots, null, true ), true );
		}
		$reading->read( $bridge, array_values( array_diff( $ids, array_keys( $reading->snapshots ) ) ) );
		return $reading;
	}

	public function of( int $id ): ?array {
		return $this->snapshots[ $id ] ?? null;
	}

	/** @return bool whether this PHP request deleted the ticket; false where it does not know */
	public function isDeleted( int $id ): bool {
		return isset( $this->deleted[ $id ] );
	}

	/** How long ago the ticket was read, at most. */
	public function ageMs( int $id ): int {
		return (int) ceil( self::nowMs() - $this->atMs[ $id ] );
	}

	private function read( Bridge $bridge, array $ids ): void {
		if ( $ids !== [] ) {
			$this->atMs      += array_fill_keys( $ids, self::nowMs() );
			$this->snapshots += $bridge->snapshots( $ids );
		}
	}

	private static function nowMs(): float {
		return hrtime( true ) / 1000000;
	}
}
