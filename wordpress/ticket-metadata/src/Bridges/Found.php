<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** Tickets that change together, with something that they name: the database tells which these are. */
final class Found {

	/** Of one query: WordPress holds half a kilobyte for each row, and there may be a hundred thousand. */
	private const IDS_MAX = 5000;

	/**
	 * @param callable(int, int): int[]  $find gets the id after which to go on, and how many to find at most
	 * @param callable(int, bool=): void $mark
	 */
	public static function mark( callable $find, callable $mark ): void {
		try {
			$ids = [ 0 ];
			do {
				$ids = $find( end( $ids ), self::IDS_MAX );
				foreach ( $ids as $id ) {
					$mark( $id );
				}
			} while ( count( $ids ) === self::IDS_MAX );
		} catch ( \RuntimeException $error ) {
			// Whoever made the change gets on all the same.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
		}
	}
}
