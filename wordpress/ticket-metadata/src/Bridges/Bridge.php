<?php
namespace TicketMetadata\Bridges;

/**
 * A help desk whose tickets this site mirrors into the service, and everything that the rest of the plugin knows about
 * it. To support another help desk, add a class to the filter `ticket_metadata_bridges`.
 *
 * A bridge reports that a ticket changed and later reads the whole ticket. It never reports what changed. Several
 * changes in one PHP request therefore become one, and a ticket that had to wait is sent in its current state.
 */
interface Bridge {

	/** Lower case with hyphens, at most 32 characters. Stored in tables and in the status map, so it must never change. */
	public function slug(): string;

	/** The help desk's name for people. */
	public function name(): string;

	/** Whether the help desk is active here, in a version that this bridge supports. Called after all plugins are loaded. */
	public function isActive(): bool;

	/**
	 * Adds the help desk's hooks.
	 *
	 * @param callable(int, bool=): void $mark call it with a ticket's id after each change, and with true for a new ticket
	 */
	public function listen( callable $mark ): void;

	/**
	 * Reads tickets from the database in their current state, bypassing every cache, because another PHP request may have
	 * changed them.
	 *
	 * @param int[] $ids
	 * @return array<int, array> by id; a ticket that does not exist has no entry. Fields as in the service (customer_id,
	 *   subject, category, priority, channel, assigned_to, created_at in Unix seconds, custom_fields), null where the help
	 *   desk has no value. `status_default`, if it is there, is the status's default in statuses(), which then need not be asked.
	 *   `status` is a key of statuses(); ids of tickets and customers are this site's own. A customer is a
	 *   WordPress user; for a guest, customer_id is null and `guest_id` is the help desk's own id, if it has one.
	 * @throws \RuntimeException if the database did not answer: a ticket that is left out counts as deleted.
	 */
	public function snapshots( array $ids ): array;

	/** @return int[] ids of tickets above $after, ascending */
	public function ids( int $after, int $limit ): array;

	/** The number of all tickets, for progress bars. */
	public function count(): int;

	/**
	 * The help desk's own statuses, for the status map.
	 *
	 * @return array<string, array{label: string, default: string}> by key, which PHP turns into an int if it is numeric;
	 *   default is open, pending, on-hold, resolved or closed
	 */
	public function statuses(): array;

	/**
	 * The tickets of a person, for the privacy exporter.
	 *
	 * @return int[] ids above $after, ascending
	 */
	public function idsOfPerson( string $email, int $after, int $limit ): array;
}
