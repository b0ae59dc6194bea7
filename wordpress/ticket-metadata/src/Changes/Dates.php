<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\DatesTickets;

/** The dates of a help desk's tickets, as an import takes them: in the order of a ticket's life, and not in the future. Read at the first need, for all tickets at once. */
final class Dates {

	private Bridge $bridge;

	/** @var int[] the help desk's */
	private array $ids;

	/** @var array<int, array{updated_at: ?int, closed_at: ?int}>|null null: not read yet */
	private ?array $dates = null;

	/** @param int[] $ids the help desk's */
	public function __construct( Bridge $bridge, array $ids ) {
		$this->bridge = $bridge;
		$this->ids    = $ids;
	}

	/**
	 * @param int|null $created   when it was opened, in Unix seconds
	 * @param bool     $isClosing whether its status closes it
	 * @return array<string, int>|null updated_at, and closed_at if it is known; without it, the service takes the last change.
	 *   null: no dates are known that an import could take
	 */
	public function of( int $id, ?int $created, bool $isClosing ): ?array {
		$now = time();
		if ( $created === null || $created > $now || ! $this->bridge instanceof DatesTickets ) {
			return null;
		}
		$dates  = $this->read( $this->bridge )[ $id ] ?? [];
		$closed = $isClosing ? $dates['closed_at'] ?? null : null;
		$last   = max( $dates['updated_at'] ?? null, $closed );
		if ( $last === null ) {
			return null;
		}
		$within = static fn( int $time ): int => min( $now, max( $created, $time ) );
		return [ 'updated_at' => $within( $last ) ] + ( $closed === null ? [] : [ 'closed_at' => $within( $closed ) ] );
	}

	/** @return array<int, array{updated_at: ?int, closed_at: ?int}> */
	private function read( DatesTickets $bridge ): array {
		$this->dates = $this->dates ?? $bridge->dates( $this->ids );
		return $this->dates;
	}
}
