<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\TicketList;

/** Which tickets of a help desk the service has as they are, and which it does not have. */
final class Agreement {

	/** @var int[] the help desk's ids of those that agree */
	public array $agreeing = [];

	/** @var int[] those that the service does not have */
	public array $missing = [];

	/**
	 * @param int[] $ids the help desk's
	 * @return self|null null: the service does not return tickets, for example because the key may only write
	 */
	public static function among( Client $client, Bridge $bridge, array $ids ): ?self {
		$fields    = new Fields( $bridge );
		$toService = [];
		$snapshots = $bridge->snapshots( $ids );
		foreach ( array_keys( $snapshots ) as $id ) {
			try {
				$toService[ $id ] = TicketIds::toService( $bridge->slug(), $id );
			} catch ( \RangeException $error ) {
				// The service refuses it when it is sent.
				continue;
			}
		}
		$list = TicketList::of( $client, $toService );
		if ( $list->failure !== null ) {
			return null;
		}
		$agreement = new self();
		foreach ( $toService as $id => $ticketId ) {
			if ( isset( $list->tickets[ $ticketId ] ) ) {
				if ( Comparison::differences( $fields->of( $snapshots[ $id ] ), $list->tickets[ $ticketId ] ) === [] ) {
					$agreement->agreeing[] = $id;
				}
			} elseif ( ! isset( $list->unreadable[ $ticketId ] ) ) {
				$agreement->missing[] = $id;
			}
		}
		return $agreement;
	}
}
