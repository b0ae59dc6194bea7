<?php
namespace TicketMetadata\Bridges;

/** A bridge whose help desk keeps its data in posts and meta, so that the writes of a page can be combined. Optional. */
interface CombinesWrites {

	/** @return string[] the post types of tickets, replies and logs, whether the help desk has registered them already or not */
	public function postTypes(): array;

	/** @return string[] user options (as update_user_option() names them) that count an agent's tickets */
	public function agentCounters(): array;
}
