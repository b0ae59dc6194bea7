<?php
namespace TicketMetadata\Changes;

/** The result of a replay. */
final class ReplayResult {

	public int $delivered = 0;

	/** How many the service refused. */
	public int $refused = 0;

	/** How many were given up, because they were deleted in the service. */
	public int $deleted = 0;

	/** How many are in the outbox afterwards, due or not. */
	public int $left = 0;

	/** The code of the failure that ended it early; empty: none. */
	public string $stoppedBy = '';

	public string $stoppedDetail = '';

	/** Whether another PHP process is replaying. */
	public bool $isBusy = false;
}
