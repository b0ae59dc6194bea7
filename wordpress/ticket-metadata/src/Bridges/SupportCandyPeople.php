<?php
namespace TicketMetadata\Bridges;

/** Customers and agents of SupportCandy, whose tickets change with them while no hook tells of a ticket. */
final class SupportCandyPeople {

	/** Behind SupportCandy, which acts in the same hooks. */
	private const LAST = PHP_INT_MAX;

	/** @param callable(int, bool=): void $mark */
	public static function listen( callable $mark ): void {
		$of = static fn( string $ids ): callable => static function ( $person = null ) use ( $ids, $mark ): void {
			$id = HookArgument::ticketId( $person );
			Found::mark( static fn( int $after, int $limit ): array => ( new SupportCandyTables() )->$ids( $id, $after, $limit ), $mark );
		};
		// A guest who registers, or a new address, gives a person's tickets to another customer. And under the address of
		// an agent who has left, one who registers is that agent again.
		add_action( 'user_register', $of( 'idsOfNewUser' ), self::LAST );
		// Whether it is a new address for SupportCandy, WordPress does not know.
		add_action( 'profile_update', $of( 'idsOfUser' ), self::LAST );
		// His tickets are the next agent's then, or nobody's.
		add_action( 'wpsc_delete_agent', $of( 'idsOfAgent' ), SupportCandyHooks::FIRST );
		// With all that he has written.
		$ofCustomer = static fn( int $id, int $after, int $limit ): array => ( new SupportCandyTables() )->idsBy( 'customer', [ $id ], $after, $limit );
		SupportCandyRequest::listen( 'wpsc_delete_customer', 'customer_id', $ofCustomer, $mark );
	}
}
