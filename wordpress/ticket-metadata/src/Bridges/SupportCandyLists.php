<?php
namespace TicketMetadata\Bridges;

/**
 * SupportCandy's categories, priorities and statuses, which tickets name. When they are edited or deleted in the settings,
 * tickets change by SQL, or without a change of their own rows, and no hook tells of it: the request is looked at before
 * SupportCandy answers it.
 */
final class SupportCandyLists {

	/** @var array<string, string> the tickets' column, by the action of the request */
	private const ACTIONS = [
		'wpsc_set_edit_category'   => 'category',
		'wpsc_set_delete_category' => 'category',
		'wpsc_set_edit_priority'   => 'priority',
		'wpsc_set_delete_priority' => 'priority',
		// The name of a status is not what the service has.
		'wpsc_set_delete_status'   => 'status',
	];

	/** @param callable(int, bool=): void $mark */
	public static function listen( callable $mark ): void {
		foreach ( self::ACTIONS as $action => $column ) {
			SupportCandyRequest::listen( $action, 'id', static fn( int $id, int $after, int $limit ): array => ( new SupportCandyTables() )->idsBy( $column, [ $id ], $after, $limit ), $mark );
		}
		$closedChanged = static function ( $old = null, $new = null ) use ( $mark ): void {
			$before = SupportCandyStatuses::closedOf( $old );
			$after  = SupportCandyStatuses::closedOf( $new );
			$turned = array_merge( array_diff( $before, $after ), array_diff( $after, $before ) );
			Found::mark( static fn( int $after, int $limit ): array => ( new SupportCandyTables() )->idsBy( 'status', $turned, $after, $limit ), $mark );
		};
		foreach ( SupportCandyStatuses::OPTIONS as $option ) {
			add_action( "update_option_$option", $closedChanged, SupportCandyHooks::FIRST, 2 );
		}
	}
}
