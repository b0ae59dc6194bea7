<?php
namespace TicketMetadata\Bridges;

use TicketMetadata\Errors;

/**
 * What tells that a ticket of SupportCandy changed: all that its own lists and counters listen to, and what they miss.
 * Only what it does by SQL alone tells nobody, such as giving all tickets of a deleted status another one.
 */
final class SupportCandyHooks {

	/** Before listeners that end the request, or fail. */
	private const FIRST = PHP_INT_MIN;

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
	];

	/** @param callable(int, bool=): void $mark */
	public static function add( callable $mark ): void {
		// The first argument says which ticket, in one form or another; what else there is, and how much, depends on the version.
		$listen = static function ( string $hook, bool $isNew ) use ( $mark ): void {
			$heard = static function ( $ticket = null ) use ( $mark, $isNew ): void {
				$id = HookArgument::ticketId( $ticket );
				if ( $id > 0 ) {
					$mark( $id, $isNew );
				}
			};
			add_action( $hook, $heard, self::FIRST );
		};
		$listen( 'wpsc_create_new_ticket', true );
		foreach ( self::CHANGES as $hook ) {
			$listen( $hook, false );
		}
		// A guest who registers, or a new address, gives a person's tickets to another customer, which SupportCandy tells nobody.
		// Behind SupportCandy, which acts in the same hooks.
		$registered = static function ( $user = null ) use ( $mark ): void {
			self::markOfUser( HookArgument::ticketId( $user ), $mark );
		};
		$updated    = static function ( $user = null, $old = null ) use ( $registered ): void {
			$new = get_userdata( HookArgument::ticketId( $user ) );
			if ( $new && $new->user_email !== ( $old->user_email ?? null ) ) {
				$registered( $user );
			}
		};
		add_action( 'user_register', $registered, PHP_INT_MAX );
		add_action( 'profile_update', $updated, PHP_INT_MAX, 2 );
	}

	/** @param callable(int, bool=): void $mark */
	private static function markOfUser( int $user, callable $mark ): void {
		try {
			foreach ( ( new SupportCandyTables() )->idsOfUser( $user ) as $id ) {
				$mark( $id );
			}
		} catch ( \RuntimeException $error ) {
			// Whoever registers gets in all the same.
			Errors::report( 0, 'bridge_error', $error->getMessage() );
		}
	}
}
