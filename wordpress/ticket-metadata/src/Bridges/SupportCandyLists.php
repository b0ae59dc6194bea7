<?php
namespace TicketMetadata\Bridges;

/**
 * SupportCandy's categories, priorities and statuses, which tickets refer to. Editing or deleting one in the settings
 * changes tickets by SQL, or without touching their rows, and fires no hook. So the request is inspected before
 * SupportCandy handles it.
 */
final class SupportCandyLists {

	/** @var array<string, string> the column in the table of tickets, by the action of the request */
	private const ACTIONS = [
		'wpsc_set_edit_category'   => 'category',
		'wpsc_set_delete_category' => 'category',
		'wpsc_set_edit_priority'   => 'priority',
		'wpsc_set_delete_priority' => 'priority',
		// Only deleting: the service does not store the name of a status.
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
