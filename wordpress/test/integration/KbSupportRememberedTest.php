<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\KbSupport;

/** What a PHP request remembers of KB Support's tickets and of the users of their customers is what the database has. */
final class KbSupportRememberedTest extends KbSupportTestCase {

	use WhateverHappens;

	protected static function keys(): array {
		return [ '_kbs_ticket_customer_id', '_kbs_ticket_agent_id', '_kbs_ticket_key', '_another' ];
	}

	protected static function terms(): array {
		return [ 'ticket_category' => [ 'Sales', 'Support', 'billing' ], 'department' => [ 'Shop', 'Workshop' ], 'ticket_source' => [ 'Phone', 'Fax' ] ];
	}

	protected function newTicket(): int {
		return mt_rand( 0, 1 ) ? $this->open() : $this->openAsGuest( mt_rand() . '@example.test' );
	}

	protected function actOfDesk( int $what, int $id ): void {
		if ( get_post( $id ) === null ) {
			return;
		}
		switch ( $what ) {
			case 0:
				kbs_assign_agent( $id, $this->agent );
				break;
			case 1:
				kbs_set_ticket_status( $id, [ 'new', 'open', 'hold', 'closed' ][ mt_rand( 0, 3 ) ] );
				break;
			case 2:
				( new \KBS_Ticket( $id ) )->add_reply( [ 'ticket_id' => $id, 'response' => 'Well?', 'close' => mt_rand( 0, 1 ) ] );
				break;
			default:
				$this->actOfCustomer( mt_rand( 0, 5 ), self::customerOf( $id )->id );
		}
	}

	private function actOfCustomer( int $what, int $customer ): void {
		switch ( $what ) {
			case 0:
				kb_support_disconnect( $customer );
				break;
			case 1:
				mt_rand( 0, 2 ) === 0 && kb_support_delete_customer( $customer );
				break;
			case 2:
				kb_support_edit_customer( $customer, [ 'name' => 'Anna B.' ] );
				break;
			default:
				kb_support_edit_customer( $customer, [ 'user_id' => [ $this->user, $this->agent ][ mt_rand( 0, 1 ) ] ] );
		}
	}

	/** @return array<string, array{callable(int): mixed}> what is done to a customer */
	public function changesOfCustomers(): array {
		return [
			'edited'       => [ static fn( int $customer ) => kb_support_edit_customer( $customer, [ 'user_id' => 1 ] ) ],
			'disconnected' => [ static fn( int $customer ) => kb_support_disconnect( $customer ) ],
			'deleted'      => [ static fn( int $customer ) => kb_support_delete_customer( $customer ) ],
		];
	}

	/** @dataProvider changesOfCustomers */
	public function testAPersistentCacheForgetsWhoseUserAChangedCustomerWas( callable $change ): void {
		wp_using_ext_object_cache( true );
		// By an agent, and so not on the customer's list.
		$customer = self::customerOf( $this->open() )->id;
		$id       = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'open', 'post_title' => 'By telephone', 'meta_input' => [ '_kbs_ticket_key' => 'k', '_kbs_ticket_customer_id' => $customer ] ] );
		$this->beginNextRequest( true );
		self::assertSame( $this->user, $this->bridge->remembered( [ $id ] )[ $id ]['customer_id'] );
		self::assertSame( 0, self::queries( fn() => $this->bridge->remembered( [ $id ] ) ), 'it has a copy' );
		$change( $customer );
		self::assertSame( $this->bridge->snapshots( [ $id ] ), $this->bridge->remembered( [ $id ] ), 'the request that changes it' );
		$this->beginNextRequest( true );
		self::assertSame( $this->bridge->snapshots( [ $id ] ), $this->bridge->remembered( [ $id ] ), 'and the next one' );
	}

	/** @return array<string, array{string, callable(int): mixed}> the hook before KB Support writes, and what is done */
	public function writes(): array {
		return [
			'edited'  => [ 'kbs_customer_pre_update', static fn( int $customer ) => kb_support_edit_customer( $customer, [ 'user_id' => 1 ] ) ],
			'deleted' => [ 'kbs_pre_delete_customer', static fn( int $customer ) => kb_support_delete_customer( $customer ) ],
		];
	}

	/** @dataProvider writes */
	public function testWhatAnotherRequestCopiesMeanwhileDoesNotStay( string $hook, callable $change ): void {
		wp_using_ext_object_cache( true );
		$customer = self::customerOf( $this->open() )->id;
		$id       = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'open', 'post_title' => 'By telephone', 'meta_input' => [ '_kbs_ticket_key' => 'k', '_kbs_ticket_customer_id' => $customer ] ] );
		$this->beginNextRequest( true );
		// After the plugin has forgotten the copy.
		add_action( $hook, fn() => ( new \TicketMetadata\Bridges\KbSupportUsers() )->of( [ $customer ] ), PHP_INT_MAX );
		$change( $customer );
		self::assertSame( $this->bridge->snapshots( [ $id ] ), $this->bridge->remembered( [ $id ] ), 'the request that changes it' );
		$this->beginNextRequest( true );
		self::assertSame( $this->bridge->snapshots( [ $id ] ), $this->bridge->remembered( [ $id ] ), 'and the next one' );
	}

	public function testAnotherRequestsCopyOfAnEditedCustomerIsDroppedAtOnce(): void {
		wp_using_ext_object_cache( true );
		$id       = $this->open();
		$customer = self::customerOf( $id )->id;
		add_action( 'kbs_customer_pre_update', fn() => ( new \TicketMetadata\Bridges\KbSupportUsers() )->of( [ $customer ] ), PHP_INT_MAX );
		kb_support_edit_customer( $customer, [ 'user_id' => 1 ] );
		$this->beginNextRequest( true );
		self::assertSame( 1, $this->bridge->remembered( [ $id ] )[ $id ]['customer_id'], 'whether this one sends its tickets or not' );
	}

	public function testOfSeveralTicketsAllAreRememberedOrNone(): void {
		[ $known, $unknown, $deleted ] = [ $this->open(), $this->open(), $this->open() ];
		$this->beginNextRequest( false );
		wp_delete_post( $deleted, true );
		get_post( $known );
		get_post_meta( $known );
		update_object_term_cache( [ $known ], 'kbs_ticket' );
		self::assertSame( $this->bridge->snapshots( [ $known ] ), $this->bridge->remembered( [ $known ] ) );
		self::assertSame( [ $deleted => null ], $this->bridge->remembered( [ $known, $unknown, $deleted ] ), 'one query answers for the rest, with the users of their customers' );
	}

	public function testACustomerThatIsNoNumberIsReadByTheDatabase(): void {
		$id       = $this->open();
		$customer = self::customerOf( $id )->id;
		// MySQL and PHP differ in what number this is.
		update_post_meta( $id, '_kbs_ticket_customer_id', "{$customer}e2" );
		self::assertSame( [], $this->bridge->remembered( [ $id ] ) );
	}
}
