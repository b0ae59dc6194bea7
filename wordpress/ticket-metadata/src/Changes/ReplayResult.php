<?php
namespace TicketMetadata\Changes;

/** How far the outbox was worked through. */
final class ReplayResult {

	public int $delivered = 0;

	/** Of those that were tried: the service does not want them as they are. */
	public int $refused = 0;

	/** All that are in the outbox now, whether their turn has come or not. */
	public int $left = 0;

	/** The code of what ended it early; empty: nothing did. */
	public string $stoppedBy = '';

	public string $stoppedDetail = '';

	/** Another PHP process is at it. */
	public bool $isBusy = false;
}
