<?php
namespace TicketMetadata\Bridges;

/** The hooks that report changes to SupportCandy's tickets: those that its own lists and counters use, and those they miss. */
final class SupportCandyHooks {

	/** Runs before listeners that fail or end the request. */
	public const FIRST = PHP_INT_MIN;

	private const CHANGES = [
		'wpsc_change_ticket_status',
		'wpsc_change_assignee',
		'wpsc_change_ticket_category',
		'wpsc_change_ticket_priority',
		'wpsc_change_ticket_subject',
		'wpsc_change_raised_by',
		'wpsc_change_ticket_fields',
		'wpsc_change_agentonly_fields',
		'wpsc_change_tag',
		'wpsc_change_ticket_add_recipients',
		'wpsc_post_reply',
		'wpsc_submit_note',
		'wpsc_delete_ticket',
		'wpsc_ticket_restore',
		'wpsc_ticket_delete_permanently',
		'wpsc_ticket_archive',
		'wpsc_archive_ticket_restore',
		'wpsc_delete_archive_ticket_permanently',
		'wpsc_after_anonymizing_ticket',
	];

	/** @param callable(int, bool=): void $mark */
	public static function add( callable $mark ): void {
		// The first argument is the ticket, in some form. The other arguments depend on the version.
		$listen = static function ( string $hook, bool $isNew, int $tickets = 1 ) use ( $mark ): void {
			$heard = static function ( ...$arguments ) use ( $mark, $isNew ): void {
				foreach ( array_map( [ HookArgument::class, 'ticketId' ], $arguments ) as $id ) {
					if ( $id > 0 ) {
						$mark( $id, $isNew );
					}
				}
			};
			add_action( $hook, $heard, self::FIRST, $tickets );
		};
		$listen( 'wpsc_create_new_ticket', true );
		foreach ( self::CHANGES as $hook ) {
			$listen( $hook, false );
		}
		// One ticket is merged into the other.
		$listen( 'wpsc_after_ticket_merge', false, 2 );
		SupportCandyPeople::listen( $mark );
		SupportCandyLists::listen( $mark );
	}
}
