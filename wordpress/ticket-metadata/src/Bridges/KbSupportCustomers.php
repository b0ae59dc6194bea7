<?php
namespace TicketMetadata\Bridges;

/** KB Support's customers, in tables of its own. Guests are customers too. A ticket refers to its customer by meta. */
final class KbSupportCustomers {

	/** @param callable(int, bool=): void $mark */
	public static function listen( callable $mark ): void {
		$markTickets = static function ( int $customer ) use ( $mark ): void {
			Found::mark( static fn( int $after, int $limit ): array => self::ticketsOf( [ $customer ], $after, $limit ), $mark );
		};
		// A customer who registers, or whose account an agent sets or removes, has another user from then on. KB Support
		// updates the row for its own counters far more often.
		$updates = static function ( $customer = null, $columns = null ) use ( $markTickets ): void {
			$id   = HookArgument::ticketId( $customer );
			$user = is_array( $columns ) ? $columns['user_id'] ?? null : null;
			if ( $id > 0 && $user !== null && (int) $user !== self::userOf( $id ) ) {
				$markTickets( $id );
			}
		};
		$deletes = static function ( $customer = null ) use ( $markTickets ): void {
			$id = HookArgument::ticketId( $customer );
			if ( $id > 0 ) {
				$markTickets( $id );
			}
		};
		// Before it happens, while the row still has the former user.
		add_action( 'kbs_customer_pre_update', $updates, PHP_INT_MIN, 2 );
		add_action( 'kbs_pre_delete_customer', $deletes, PHP_INT_MIN );
	}

	/** The user of the customer of post p, as SQL. The ticket has a copy of it in its meta, which may be old. */
	public static function userOfTicket(): string {
		global $wpdb;
		return "(SELECT c.user_id FROM $wpdb->postmeta m LEFT JOIN " . self::table( 'customers' ) . ' c ON c.id = CAST(m.meta_value AS UNSIGNED)'
			. " WHERE m.post_id = p.ID AND m.meta_key = '" . KbSupportPosts::CUSTOMER . "' ORDER BY m.meta_id LIMIT 1)";
	}

	/** @return int[] KB Support's ids. A customer may have several addresses, and a user's may be newer than KB Support's copy. */
	public static function idsOfPerson( string $email ): array {
		global $wpdb;
		$user = get_user_by( 'email', $email );
		return Rows::ids(
			$wpdb->prepare( 'SELECT id FROM ' . self::table( 'customers' ) . ' WHERE email = %s OR (user_id > 0 AND user_id = %d)', $email, $user ? $user->ID : 0 )
			. ' UNION ' . $wpdb->prepare( 'SELECT kbs_customer_id FROM ' . self::table( 'customermeta' ) . " WHERE meta_key = 'additional_email' AND meta_value = %s", $email )
		);
	}

	/**
	 * @param int[] $customers KB Support's ids
	 * @return int[] ids of tickets above $after, ascending
	 */
	public static function ticketsOf( array $customers, int $after, int $limit ): array {
		global $wpdb;
		if ( $customers === [] ) {
			return [];
		}
		$values = "'" . implode( "', '", array_map( 'intval', $customers ) ) . "'";
		$query  = "SELECT DISTINCT p.ID FROM $wpdb->postmeta m JOIN $wpdb->posts p ON p.ID = m.post_id WHERE m.meta_key = %s AND m.meta_value IN ($values) AND " . KbSupportPosts::isTicket() . ' AND p.ID > %d ORDER BY p.ID LIMIT %d';
		return Rows::ids( $wpdb->prepare( $query, KbSupportPosts::CUSTOMER, $after, $limit ) );
	}

	/**
	 * @param int[] $customers KB Support's ids
	 * @return array<int, int> users by customer, 0 for none
	 */
	public static function usersOf( array $customers ): array {
		$users = array_fill_keys( $customers, 0 );
		foreach ( Rows::of( 'SELECT id, user_id FROM ' . self::table( 'customers' ) . ' WHERE id IN (' . Rows::list( $customers ) . ')' ) as $row ) {
			$users[ (int) $row->id ] = (int) $row->user_id;
		}
		return $users;
	}

	private static function userOf( int $customer ): int {
		try {
			return self::usersOf( [ $customer ] )[ $customer ];
		} catch ( \RuntimeException $error ) {
			// Found reports that the database does not answer.
			return -1;
		}
	}

	private static function table( string $name ): string {
		return $GLOBALS['wpdb']->prefix . "kbs_$name";
	}
}
