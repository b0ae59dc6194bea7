<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\TicketIds;

/** Its customers: a table of its own, with and without accounts. */
final class KbSupportCustomersTest extends KbSupportTestCase {

	public function testACustomerIsTheUserAndAGuestTheHelpDesksOwn(): void {
		$id = $this->open();
		self::assertSame( $this->user, $this->snapshot( $id )['customer_id'] );
		self::assertArrayNotHasKey( 'guest_id', $this->snapshot( $id ) );
		self::assertNotSame( $this->user, self::customerOf( $id )->id, 'which is another number' );
		$guest    = $this->openAsGuest();
		$customer = self::customerOf( $guest )->id;
		self::assertSame( [ null, $customer ], [ $this->snapshot( $guest )['customer_id'], $this->snapshot( $guest )['guest_id'] ] );
		self::assertSame( TicketIds::ofGuest( $customer ), $this->sent( $guest )['customer_id'] );
		$gone = $this->open();
		update_post_meta( $gone, '_kbs_ticket_customer_id', '123456' );
		self::assertSame( [ null, 123456 ], [ $this->snapshot( $gone )['customer_id'], $this->snapshot( $gone )['guest_id'] ] );
	}

	/** The ticket has a copy of the user, which KB Support corrects only when somebody looks at the ticket. */
	public function testTheTicketsOwnCopyOfTheUserDoesNotCount(): void {
		$id = $this->open();
		update_post_meta( $id, '_kbs_ticket_user_id', '99' );
		self::assertSame( $this->user, $this->snapshot( $id )['customer_id'] );
	}

	/** get_post_meta() answers the first too. */
	public function testOfSeveralValuesTheFirstCounts(): void {
		$id    = $this->open( [ 'agent_id' => $this->agent ] );
		$guest = self::customerOf( $this->openAsGuest() )->id;
		add_post_meta( $id, '_kbs_ticket_customer_id', $guest );
		add_post_meta( $id, '_kbs_ticket_agent_id', '99' );
		self::assertSame( [ $this->user, $this->agent ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['assigned_to'] ] );
		$own = self::customerOf( $id )->id;
		update_post_meta( $id, '_kbs_ticket_customer_id', '123456', $own );
		update_post_meta( $id, '_kbs_ticket_customer_id', $own, $guest );
		self::assertSame( [ null, 123456 ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['guest_id'] ], 'who is gone, and not the next' );
	}

	public function testAGuestWhoRegistersIsThatUser(): void {
		$id = $this->openAsGuest();
		$this->open();
		$user  = 0;
		$marks = $this->marksOf(
			static function () use ( &$user ): void {
				$user = self::user( 'support_customer', 'guest@example.test' );
			}
		);
		self::assertSame( [ $id => false ], $marks );
		self::assertSame( $user, $this->snapshot( $id )['customer_id'] );
		self::assertSame( [], $this->marksOf( static fn() => self::user( 'support_customer', 'somebody@example.test' ) ), 'who has no tickets' );
	}

	public function testAnAccountThatIsSetOrRemovedIsSeen(): void {
		$first    = $this->open();
		$second   = $this->open();
		$customer = self::customerOf( $first )->id;
		$other    = self::user( 'support_customer' );
		$both     = [ $first => false, $second => false ];
		self::assertSame( $both, $this->marksOf( static fn() => kb_support_edit_customer( $customer, [ 'user_id' => $other ] ) ) );
		self::assertSame( [ $other, $other ], [ $this->snapshot( $first )['customer_id'], $this->snapshot( $second )['customer_id'] ] );
		self::assertSame( $both, $this->marksOf( static fn() => kb_support_disconnect( $customer ) ) );
		self::assertSame( [ $customer, $customer ], [ $this->snapshot( $first )['guest_id'], $this->snapshot( $second )['guest_id'] ] );
		self::assertSame( '0', (string) (int) get_post_meta( $first, '_kbs_ticket_user_id', true ) );
	}

	public function testACustomerWhoOnlyChangesTheNameChangesNoTicket(): void {
		$customer = self::customerOf( $this->open() );
		self::assertSame( [], $this->marksOf( static fn() => kb_support_edit_customer( $customer->id, [ 'name' => 'Anna B.' ] ) ) );
		self::assertSame( [], $this->marksOf( static fn() => $customer->increase_ticket_count() ) );
	}

	public function testOfADeletedCustomerTheTicketsStay(): void {
		$id       = $this->open();
		$customer = self::customerOf( $id )->id;
		// By an agent, and so not on the customer's list.
		$unlisted = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'open', 'post_title' => 'By telephone', 'meta_input' => [ '_kbs_ticket_key' => 'k', '_kbs_ticket_customer_id' => $customer ] ] );
		self::assertSame( $this->user, $this->snapshot( $unlisted )['customer_id'] );
		self::assertEquals( [ $id => false, $unlisted => false ], $this->marksOf( static fn() => kb_support_delete_customer( $customer ) ) );
		self::assertSame( [ null, null ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['guest_id'] ] );
		self::assertSame( [ null, $customer ], [ $this->snapshot( $unlisted )['customer_id'], $this->snapshot( $unlisted )['guest_id'] ] );
	}

	public function testAnErasedCustomerIsNoUserAnyMore(): void {
		$id       = $this->open( [ 'agent_id' => $this->agent ] );
		$new      = $this->open();
		$customer = self::customerOf( $id )->id;
		self::assertEquals( [ $id => false, $new => false ], $this->marksOf( static fn() => kb_support_anonymize( $customer ) ) );
		self::assertSame( [ null, $customer, 'Anonymized Customer' ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['guest_id'], $this->snapshot( $id )['subject'] ] );
		self::assertSame( [ $customer, 'Where is my order?' ], [ $this->snapshot( $new )['guest_id'], $this->snapshot( $new )['subject'] ], 'one that is still new is left as it is' );
	}

	public function testVeryManyTicketsAreFoundInParts(): void {
		global $wpdb;
		$customer = self::customerOf( $this->open() )->id;
		$values   = implode( ',', array_fill( 0, 5001, "(1, 'kbs_ticket', 'open', 'Many', '', '', '', '', '', '')" ) );
		$wpdb->query( "INSERT INTO $wpdb->posts (post_author, post_type, post_status, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered, post_name) VALUES $values" );
		$wpdb->query( "INSERT INTO $wpdb->postmeta (post_id, meta_key, meta_value) SELECT ID, '_kbs_ticket_customer_id', $customer FROM $wpdb->posts WHERE post_title = 'Many'" );
		self::assertCount( 5002, $this->marksOf( static fn() => kb_support_disconnect( $customer ) ) );
	}

	public function testADatabaseThatDoesNotAnswerKeepsNobodyFromEditingACustomer(): void {
		global $wpdb;
		$id = $this->open();
		$wpdb->suppress_errors( true );
		$errors = [];
		add_action( 'ticket_metadata_error', static function ( \WP_Error $error ) use ( &$errors ): void { $errors[] = $error->get_error_code(); } );
		add_filter( 'query', static fn( string $query ): string => preg_match( '/^SELECT (user_id|DISTINCT)/', $query ) ? 'SELECT nothing FROM nowhere' : $query );
		kb_support_disconnect( self::customerOf( $id )->id );
		$wpdb->suppress_errors( false );
		self::assertSame( [ 'bridge_error' ], $errors );
		self::assertSame( 0, self::customerOf( $id )->user_id );
	}

	public function testIdsInOrderAndOfAPerson(): void {
		$ids   = [ $this->open(), $this->open(), $this->open() ];
		$ids[] = $this->openAsGuest();
		$draft = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'draft', 'meta_input' => [ '_kbs_ticket_customer_id' => self::customerOf( $ids[0] )->id ] ] );
		kbs_set_ticket_status( $ids[3], 'closed' );
		wp_trash_post( $ids[1] );
		self::assertSame( [ $ids, 4 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $ids[1], $ids[2] ], $this->bridge->ids( $ids[0], 2 ) );
		self::assertSame( [ $ids[0], $ids[1] ], $this->bridge->idsOfPerson( self::EMAIL, 0, 2 ) );
		self::assertSame( [ $ids[2] ], $this->bridge->idsOfPerson( self::EMAIL, $ids[1], 2 ), "and not the draft $draft" );
		self::assertSame( [ $ids[3] ], $this->bridge->idsOfPerson( 'guest@example.test', 0, 10 ) );
		update_post_meta( $ids[3], '_kbs_ticket_customer_id', '' );
		self::assertSame( [], $this->bridge->idsOfPerson( 'nobody@example.test', 0, 10 ), 'nobody\'s tickets are not theirs' );
	}

	public function testAPersonIsFoundByEachAddress(): void {
		$id       = $this->open();
		$customer = self::customerOf( $id );
		$customer->add_email( 'work@example.test' );
		self::assertSame( [ $id ], $this->bridge->idsOfPerson( 'work@example.test', 0, 10 ) );
		// KB Support has not taken over the new address of the account.
		$GLOBALS['wpdb']->update( $GLOBALS['wpdb']->users, [ 'user_email' => 'newer@example.test' ], [ 'ID' => $this->user ] );
		wp_cache_flush();
		self::assertSame( [ $id ], $this->bridge->idsOfPerson( 'newer@example.test', 0, 10 ) );
		self::assertSame( [ $id ], $this->bridge->idsOfPerson( self::EMAIL, 0, 10 ) );
		add_post_meta( $id, '_kbs_ticket_customer_id', $customer->id );
		self::assertSame( [ $id ], $this->bridge->idsOfPerson( self::EMAIL, 0, 10 ), 'once, however often it is stored' );
	}
}
