<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\CombinesWrites;

/** A help desk whose writes are combined. */
final class CombinedDesk extends Desk implements CombinesWrites {

	public function postTypes(): array {
		return [ 'combined' ];
	}

	public function agentCounters(): array {
		return [];
	}
}
