<?php
namespace TicketMetadata\Bridges;

/** A bridge that can tell a ticket that was deleted for good from one that snapshots() leaves out for another reason. Optional: without it, no ticket is deleted in the service, only closed. */
interface ConfirmsDeletion {

	/**
	 * What is deleted in the service cannot be restored there, so a trashed ticket is not deleted.
	 *
	 * @param int[] $ids
	 * @return int[] those that exist in no form
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function deleted( array $ids ): array;
}
