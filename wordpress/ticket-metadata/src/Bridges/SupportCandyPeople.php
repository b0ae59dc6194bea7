<?php
namespace TicketMetadata\Bridges;

/** Customers and agents of SupportCandy, whose tickets change with them while no hook tells of a ticket. */
final class SupportCandyPeople {

	/** Behind SupportCandy, which acts in the same hooks. */
	private const LAST = PHP_INT_MAX;

	/** @param callable(int, bool=): void $mark */
	public static function listen( callable $mark ): void {
		// A guest who registers, or a new address, gives a person's tickets to another customer.
		$changed = static function ( $user = null ) use ( $mark ): void {
			Found::mark( static fn(): array => ( new SupportCandyTables() )->idsOfUser( HookArgument::ticketId( $user ) ), $mark );
		};
		// Under the address of an agent who has left, one who registers is that agent again.
		$registered = static function ( $user = null ) use ( $mark ): void {
			$find = static function () use ( $user ): array {
				$tables = new SupportCandyTables();
				$id     = HookArgument::ticketId( $user );
				return array_merge( $tables->idsOfUser( $id ), $tables->idsOfAgentOf( $id ) );
			};
			Found::mark( $find, $mark );
		};
		// His tickets are the next agent's then, or nobody's.
		$agentLeft = static function ( $agent = null ) use ( $mark ): void {
			Found::mark( static fn(): array => ( new SupportCandyTables() )->idsOfAgents( [ HookArgument::ticketId( $agent ) ] ), $mark );
		};
		add_action( 'user_register', $registered, self::LAST );
		add_action( 'profile_update', $changed, self::LAST );
		add_action( 'wpsc_delete_agent', $agentLeft, SupportCandyHooks::FIRST );
		// With all that he has written.
		SupportCandyRequest::listen( 'wpsc_delete_customer', 'customer_id', static fn( int $id ): array => ( new SupportCandyTables() )->idsBy( 'customer', [ $id ] ), $mark );
	}
}
