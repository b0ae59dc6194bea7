<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\TicketList;

/** Which tickets of a help desk the service has as they are. */
final class Agreement {

	/**
	 * @param int[] $ids the help desk's
	 * @return int[]|null those that agree; null if the service does not return tickets, for example because the key may only write
	 */
	public static function among( Client $client, Bridge $bridge, array $ids ): ?array {
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
		$agrees = static fn( int $id ): bool => isset( $list->tickets[ $toService[ $id ] ] ) && Comparison::differences( $fields->of( $snapshots[ $id ] ), $list->tickets[ $toService[ $id ] ] ) === [];
		return array_values( array_filter( array_keys( $toService ), $agrees ) );
	}
}
