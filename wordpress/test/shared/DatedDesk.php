<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\ConfirmsDeletion;
use TicketMetadata\Bridges\DatesTickets;
use TicketMetadata\Bridges\LinksTickets;

/** A help desk that knows the dates of its tickets, which of them were deleted, and where they are edited. */
final class DatedDesk extends Desk implements ConfirmsDeletion, DatesTickets, LinksTickets {

	/** @var array<int, array{updated_at: ?int, closed_at: ?int}> */
	public array $dates = [];

	/** @var int[] tickets that it leaves out and has nevertheless */
	public array $hidden = [];

	/** How often it was asked. */
	public int $datesAsked = 0;

	public function dates( array $ids ): array {
		++$this->datesAsked;
		return array_intersect_key( $this->dates, array_fill_keys( $ids, true ) );
	}

	public function deleted( array $ids ): array {
		return array_values( array_diff( $ids, array_keys( $this->tickets ), $this->hidden ) );
	}

	public function editUrl( int $id ): string {
		return admin_url( "desk.php?ticket=$id&how=\"edit\"" );
	}
}
