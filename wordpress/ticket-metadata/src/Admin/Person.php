<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Changes\Fields;
use TicketMetadata\Changes\TicketIds;

/** Who a person is for the service, found by the address. */
final class Person {

	/** Tickets per query. */
	private const TICKETS = 500;

	private string $email;

	private bool $hasTickets = false;

	/** @var int[]|null null: not looked for yet */
	private ?array $customers = null;

	public function __construct( string $email ) {
		$this->email = $email;
	}

	/**
	 * The WordPress user, and guests of help desks.
	 *
	 * @return int[] the service's ids
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function customers(): array {
		if ( $this->customers === null ) {
			$user  = get_user_by( 'email', $this->email );
			$found = $user ? [ $user->ID => true ] : [];
			foreach ( Bridges::active() as $bridge ) {
				$found += $this->customersOf( $bridge );
			}
			// Nobody's tickets are not this person's.
			$this->customers = array_diff( array_keys( $found ), [ TicketIds::ofGuest( 0 ) ] );
		}
		return array_values( $this->customers );
	}

	/** Whether a help desk has tickets of the person. */
	public function hasTickets(): bool {
		$this->customers();
		return $this->hasTickets;
	}

	/** @return array<int, true> */
	private function customersOf( Bridge $bridge ): array {
		$fields = new Fields( $bridge );
		$found  = [];
		$after  = 0;
		do {
			$ids = $bridge->idsOfPerson( $this->email, $after, self::TICKETS );
			foreach ( $bridge->snapshots( $ids ) as $snapshot ) {
				$this->hasTickets                                = true;
				$found[ $fields->of( $snapshot )['customer_id'] ] = true;
			}
			$after = end( $ids );
		} while ( count( $ids ) === self::TICKETS );
		return $found;
	}
}
