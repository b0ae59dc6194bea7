<?php
namespace TicketMetadata\Bridges;

/** A bridge that knows where a ticket is edited in wp-admin. Optional: without it, lists name the ticket without a link. */
interface LinksTickets {

	/** @return string the address, which is found without a query */
	public function editUrl( int $id ): string;
}
