<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/** Marks tickets that change together because something they refer to changed. The database says which tickets those are. */
final class Found {

	/** Per query: WordPress needs half a kilobyte per row, and there may be a hundred thousand rows. */
	private const IDS_MAX = 5000;

	/**
	 * @param callable(int, int): int[]  $find gets the id after which to continue and the maximum number
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
			// The change itself must not fail because of it.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
		}
	}
}
