<?php
namespace TicketMetadata\Bridges;

/** A bridge whose help desk keeps the dates of a ticket's life, so that an old ticket gets to the service with them. Optional: without it, a ticket was changed and closed when the service learned of it. */
interface DatesTickets {

	/**
	 * Asked only for tickets that the service does not have yet.
	 *
	 * @param int[] $ids
	 * @return array<int, array{updated_at: ?int, closed_at: ?int}> by id, in Unix seconds; null: not known. closed_at counts only
	 *   while the ticket is closed, and may be left from an earlier time.
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function dates( array $ids ): array;
}
