<?php
namespace TicketMetadata\Bridges;

/** Customers and agents of SupportCandy: their tickets change with them, without a hook of a ticket. */
final class SupportCandyPeople {

	/** After SupportCandy, which acts in the same hooks. */
	private const LAST = PHP_INT_MAX;

	/** @param callable(int, bool=): void $mark */
	public static function listen( callable $mark ): void {
		$of = static fn( string $ids ): callable => static function ( $person = null ) use ( $ids, $mark ): void {
			$id = HookArgument::ticketId( $person );
			Found::mark( static fn( int $after, int $limit ): array => ( new SupportCandyTables() )->$ids( $id, $after, $limit ), $mark );
		};
		// When a guest registers or a user changes the address, tickets move to another customer. A new user with the
		// address of a former agent becomes that agent again.
		add_action( 'user_register', $of( 'idsOfNewUser' ), self::LAST );
		// WordPress cannot tell whether the address is new to SupportCandy.
		add_action( 'profile_update', $of( 'idsOfUser' ), self::LAST );
		// The agent's tickets move to another agent, or to nobody.
		add_action( 'wpsc_delete_agent', $of( 'idsOfAgent' ), SupportCandyHooks::FIRST );
		// SupportCandy deletes the customer's tickets too.
		$ofCustomer = static fn( int $id, int $after, int $limit ): array => ( new SupportCandyTables() )->idsBy( 'customer', [ $id ], $after, $limit );
		SupportCandyRequest::listen( 'wpsc_delete_customer', 'customer_id', $ofCustomer, $mark );
	}
}
