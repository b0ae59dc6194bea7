<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** Tickets that change together, with something that they name: the database tells which these are. */
final class Found {

	/**
	 * @param callable(): int[]          $find
	 * @param callable(int, bool=): void $mark
	 */
	public static function mark( callable $find, callable $mark ): void {
		try {
			foreach ( $find() as $id ) {
				$mark( $id );
			}
		} catch ( \RuntimeException $error ) {
			// Whoever made the change gets on all the same.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
		}
	}
}
