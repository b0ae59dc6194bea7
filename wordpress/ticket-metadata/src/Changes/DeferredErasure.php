<?php
namespace TicketMetadata\Changes;

/** Removes deferred fields of a customer from the outbox: they are the only data of tickets that the site's table holds. */
final class DeferredErasure {

	private const ROWS = 500;

	/**
	 * @param int[] $customers as code of the site has given them
	 * @return int number of rows that were removed
	 * @throws \RuntimeException if the table cannot be used
	 */
	public static function run( array $customers ): int {
		global $wpdb;
		if ( ! Outbox::mayHold() ) {
			return 0;
		}
		$queries = new OutboxQueries( $wpdb );
		$table   = OutboxTable::name();
		$removed = 0;
		$after   = 0;
		do {
			$rows = $queries->rows( "SELECT id, fields FROM $table WHERE source = '' AND id > %d ORDER BY id LIMIT %d", $after, self::ROWS );
			foreach ( $rows as $row ) {
				$after    = (int) $row['id'];
				$customer = json_decode( (string) $row['fields'], true )['customer_id'] ?? null;
				// Whatever was added to it since: it is the same customer's.
				$removed += in_array( $customer, $customers, true ) ? $queries->run( "DELETE FROM $table WHERE id = %d", $after ) : 0;
			}
		} while ( count( $rows ) === self::ROWS );
		if ( $removed > 0 ) {
			( new Outbox() )->correctSign();
		}
		return $removed;
	}
}
