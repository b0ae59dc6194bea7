<?php
namespace TicketMetadata\Bridges;

/** A bridge that can tell, without asking the database, what this PHP request has read and written of a ticket. Optional: without it, snapshots() is asked. */
interface RemembersTickets {

	/**
	 * The tickets as this PHP request knows them, from WordPress's cache and from hooks. The service's answer tells whether
	 * another request came in between; then snapshots() is asked.
	 *
	 * @param int[] $ids
	 * @return array<int, ?array> by id, in the form of Bridge::snapshots(); null: this request deleted it. Only those of which
	 *   everything is known.
	 */
	public function remembered( array $ids ): array;
}
