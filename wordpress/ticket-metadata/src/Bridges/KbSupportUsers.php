<?php
namespace TicketMetadata\Bridges;

/**
 * The WordPress users whom KB Support's customers are. A persistent cache keeps a copy, because KB Support has none: without
 * one, each event would cost a query.
 */
final class KbSupportUsers {

	private const GROUP = 'ticket_metadata_kbs_users';

	/** A user that was set past KB Support's functions is noticed after that. */
	private const KEPT_SECONDS = 3600;

	/** Runs before listeners that fail or end the request. */
	private const FIRST = PHP_INT_MIN;

	/** @var array<int, array<int, int>> by site and customer: those whom this PHP request has inserted, who have no copy yet */
	private array $inserted = [];

	/** @var array<int, array<int, true>> by site and customer: those whom this PHP request has changed, or is about to delete, so that a copy may be old */
	private array $changed = [];

	public function listen(): void {
		add_action( 'kbs_post_insert_customer', fn( $customer = null, $columns = null ) => $this->insert( $customer, $columns ), self::FIRST, 2 );
		add_action( 'kbs_customer_post_update', fn( $isUpdated = null, $customer = null, $columns = null ) => $this->change( $customer, $columns ), self::FIRST, 3 );
		add_action( 'kbs_pre_delete_customer', fn( $customer = null ) => $this->change( $customer, [ 'user_id' => 0 ] ), self::FIRST );
	}

	/**
	 * @param int[] $customers KB Support's ids
	 * @return array<int, int> users by customer, 0 for none
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function of( array $customers ): array {
		$inserted = array_intersect_key( $this->inserted[ get_current_blog_id() ] ?? [], array_flip( $customers ) );
		$copies   = [];
		foreach ( array_diff( $customers, array_keys( $inserted ) ) as $customer ) {
			$copy = wp_using_ext_object_cache() && ! isset( $this->changed[ get_current_blog_id() ][ $customer ] ) ? wp_cache_get( $customer, self::GROUP ) : false;
			// In a list, because some caches return a number as text.
			if ( is_array( $copy ) ) {
				$copies[ $customer ] = $copy[0];
			}
		}
		$rest  = array_values( array_diff( $customers, array_keys( $inserted + $copies ) ) );
		$users = $inserted + ( $rest === [] ? [] : KbSupportCustomers::usersOf( $rest ) );
		foreach ( wp_using_ext_object_cache() ? $users : [] as $customer => $user ) {
			wp_cache_set( $customer, [ $user ], self::GROUP, self::KEPT_SECONDS );
		}
		return $users + $copies;
	}

	/**
	 * @param mixed $customer
	 * @param mixed $columns
	 */
	private function insert( $customer, $columns ): void {
		$id   = HookArgument::ticketId( $customer );
		// KB Support has an empty text for a guest, and writes it as a number.
		$user = is_array( $columns ) ? $columns['user_id'] ?? 0 : null;
		if ( $id > 0 && is_scalar( $user ) ) {
			$this->inserted[ get_current_blog_id() ][ $id ] = (int) $user;
		}
	}

	/**
	 * @param mixed $customer
	 * @param mixed $columns  that are written
	 */
	private function change( $customer, $columns ): void {
		$id = HookArgument::ticketId( $customer );
		if ( $id > 0 && is_array( $columns ) && isset( $columns['user_id'] ) ) {
			unset( $this->inserted[ get_current_blog_id() ][ $id ] );
			$this->changed[ get_current_blog_id() ][ $id ] = true;
			if ( wp_using_ext_object_cache() ) {
				wp_cache_delete( $id, self::GROUP );
			}
		}
	}
}
