<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\KbSupport;

/** The bridge to KB Support, on a stand-in that writes and calls as the real one does. */
abstract class KbSupportTestCase extends HelpDeskTestCase {

	protected const EMAIL = 'anna@example.test';

	protected int $agent;
	protected int $user;

	public static function setUpBeforeClass(): void {
		require_once self::HELP_DESKS . '/kb-support/kb-support.php';
		// Tables are made before the transactions of tests, which would end with it.
		// It also registers anew what another help desk may have registered by the same name.
		kbs_install();
	}

	protected function setUp(): void {
		$this->bridge = new KbSupport();
		parent::setUp();
		$this->agent = self::user( 'support_agent' );
		$this->user  = self::user( 'support_customer', self::EMAIL );
		update_option( 'timezone_string', 'Europe/Berlin' );
		wp_set_current_user( $this->user );
	}

	/** @return int|false */
	protected function open( array $data = [] ) {
		return kbs_add_ticket( $data + [ 'post_title' => 'Where is my order?', 'post_content' => 'It has not come.', 'user_info' => [ 'id' => $this->user ], 'user_email' => self::EMAIL ] );
	}

	protected function openAsGuest( string $email = 'guest@example.test' ): int {
		wp_set_current_user( 0 );
		return $this->open( [ 'user_email' => $email, 'user_info' => [] ] );
	}

	protected static function customerOf( int $ticket ): \KBS_Customer {
		return new \KBS_Customer( (int) get_post_meta( $ticket, '_kbs_ticket_customer_id', true ) );
	}

	/** As the help desk and WordPress tell it by their own functions. */
	protected static function told( int $id ): array {
		$post   = get_post( $id );
		$ticket = new \KBS_Ticket( $id );
		$user   = self::customerOf( $id )->user_id ?: null;
		$terms  = static function ( string $taxonomy ) use ( $id ): ?string {
			$names = wp_get_object_terms( $id, $taxonomy, [ 'fields' => 'names' ] );
			return $names[0] ?? null;
		};
		$isDeleted = $post->post_status === 'trash';
		$told      = [
			'customer_id'   => $user,
			'subject'       => $post->post_title,
			'status'        => $isDeleted ? 'closed' : $ticket->status,
			'category'      => $terms( 'ticket_category' ),
			'priority'      => null,
			'channel'       => $terms( 'ticket_source' ),
			'assigned_to'   => (int) $ticket->agent_id ?: null,
			'created_at'    => (int) get_post_time( 'U', true, $post ),
			'custom_fields' => [ 'deleted' => $isDeleted ? true : null, 'department' => $terms( 'department' ) ],
		];
		return $user === null ? $told + [ 'guest_id' => (int) $ticket->customer_id ?: null ] : $told;
	}
}
