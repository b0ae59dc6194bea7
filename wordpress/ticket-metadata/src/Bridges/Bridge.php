<?php
namespace TicketMetadata\Bridges;

/**
 * A help desk whose tickets this site offloads. All that the rest of the plugin knows of it; another one is another
 * class, given to the filter `ticket_metadata_bridges`.
 *
 * It says that a ticket changed and, later, what the ticket is: never what the change was. So changes of one PHP
 * request become one, and what could not be sent is sent as it then stands.
 */
interface Bridge {

	/** Lower case, with hyphens, and at most 32 characters: it stands in tables and in the status map, so it never changes. */
	public function slug(): string;

	/** As people know it. */
	public function name(): string;

	/** Whether the help desk runs here, in a version that this bridge knows. Asked when all plugins are loaded. */
	public function isActive(): bool;

	/**
	 * Adds the help desk's hooks.
	 *
	 * @param callable(int, bool=): void $mark to be called with a ticket's id after each change, and true when it is new
	 */
	public function listen( callable $mark ): void;

	/**
	 * Reads tickets as they stand in the database now, past every cache, because another PHP request may have changed them.
	 *
	 * @param int[] $ids
	 * @return array<int, array> by id; who is not there has no entry. Each as the service has it (customer_id, subject,
	 *   category, priority, assigned_to, created_at in Unix seconds, custom_fields), null where the help desk has nothing;
	 *   but `status` is one of the keys of statuses(), and ids of tickets and customers are this site's own. A customer
	 *   is a user of WordPress; of one who is not, customer_id is null and `guest_id` the help desk's own id, if it has any.
	 * @throws \RuntimeException when the database did not answer: to leave a ticket out would say that it is gone.
	 */
	public function snapshots( array $ids ): array;

	/** @return int[] ids of all tickets above one, ascending */
	public function ids( int $after, int $limit ): array;

	/** How many ids() there are in all. */
	public function count(): int;

	/**
	 * The help desk's own statuses, for the status map.
	 *
	 * @return array<string, array{label: string, default: string}> by key, which PHP makes an int where it is a number;
	 *   default is open, pending, on-hold, resolved or closed
	 */
	public function statuses(): array;

	/**
	 * For the privacy exporter: the tickets of a person.
	 *
	 * @return int[] ids above one, ascending
	 */
	public function idsOfPerson( string $email, int $after, int $limit ): array;
}
