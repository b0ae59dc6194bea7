<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\AwesomeSupport;

/** What a PHP request remembers of tickets is what the database has. */
final class RememberedTest extends HelpDeskTestCase {

	use WhateverHappens;

	public static function setUpBeforeClass(): void {
		require_once self::HELP_DESKS . '/awesome-support/awesome-support.php';
		wpas_install();
		// Another help desk may have registered a taxonomy of the same name.
		awesome_support_register();
	}

	protected function setUp(): void {
		$this->bridge = new AwesomeSupport();
		parent::setUp();
		wp_set_current_user( self::user( 'administrator' ) );
	}

	protected static function keys(): array {
		return [ '_wpas_status', '_wpas_assignee', '_another' ];
	}

	protected static function terms(): array {
		return [ 'department' => [ 'Sales', 'Support', 'billing' ], 'ticket_priority' => [ 'High', 'Low' ], 'ticket_channel' => [ 'Phone', 'Email' ] ];
	}

	protected function newTicket(): int {
		return wpas_open_ticket( [ 'title' => 'Ticket ' . mt_rand(), 'message' => 'Please.' ] );
	}

	protected function actOfDesk( int $what, int $id ): void {
		switch ( $what ) {
			case 0:
				wpas_assign_ticket( $id, get_current_user_id() );
				break;
			case 1:
				wpas_update_ticket_status( $id, [ 'queued', 'processing', 'hold' ][ mt_rand( 0, 2 ) ] );
				break;
			case 2:
				wpas_close_ticket( $id, 0, true );
				break;
			default:
				wpas_reopen_ticket( $id );
		}
	}

	public function testOfSeveralValuesTheDatabaseSaysWhichIsTheFirst(): void {
		$id = $this->newTicket();
		update_post_meta( $id, '_wpas_assignee', '7' );
		add_post_meta( $id, '_wpas_assignee', '8' );
		foreach ( [
			static fn() => update_post_meta( $id, '_wpas_assignee', '9', '8' ),
			static fn() => delete_post_meta( $id, '_wpas_assignee', '9' ),
		] as $change ) {
			$this->beginNextRequest( false );
			get_post( $id );
			update_object_term_cache( [ $id ], 'ticket' );
			get_post_meta( $id );
			$change();
			$this->assertRemembers( $id );
			self::assertSame( 7, $this->bridge->snapshots( [ $id ] )[ $id ]['assigned_to'] );
		}
	}

	private function assertRemembers( int $id ): void {
		$snapshot = $this->bridge->snapshots( [ $id ] )[ $id ] ?? null;
		self::assertSame( $snapshot, $this->remembered( $id, $snapshot ) );
	}
}
