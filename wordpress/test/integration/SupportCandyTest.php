<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\SupportCandy;
use WPSC_Agent;
use WPSC_Customer;
use WPSC_Individual_Ticket;
use WPSC_New_Ticket;
use WPSC_Status;
use WPSC_Thread;
use WPSC_Ticket;

/** The bridge to SupportCandy, on a stand-in that writes and calls as the real one does. */
final class SupportCandyTest extends HelpDeskTestCase {

	private const SEEN = [ 'customer_id', 'subject', 'status', 'category', 'priority', 'channel', 'assigned_to', 'created_at', 'custom_fields' ];

	private int $user;
	private WPSC_Customer $customer;

	/** Of another site of a network, whose SupportCandy knows no archive. */
	private const OLDER_PREFIX = 'older_';

	public static function setUpBeforeClass(): void {
		global $wpdb;
		require_once self::HELP_DESKS . '/supportcandy/supportcandy.php';
		// Tables are made before the transactions of tests, which would end with it.
		self::withPrefix( self::OLDER_PREFIX, 'supportcandy_install' );
		$wpdb->query( 'DROP TABLE ' . self::OLDER_PREFIX . 'psmsc_archived_tickets' );
	}

	public static function tearDownAfterClass(): void {
		global $wpdb;
		foreach ( $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( self::OLDER_PREFIX ) . '%' ) ) as $table ) {
			$wpdb->query( "DROP TABLE $table" );
		}
	}

	private static function withPrefix( string $prefix, callable $act ): void {
		global $wpdb;
		$own          = $wpdb->prefix;
		$wpdb->prefix = $prefix;
		try {
			$act();
		} finally {
			$wpdb->prefix = $own;
		}
	}

	protected function setUp(): void {
		$this->bridge = new SupportCandy();
		parent::setUp();
		$this->user     = self::user( 'subscriber', 'anna@example.test' );
		$this->customer = WPSC_Customer::insert( [ 'name' => 'Anna', 'email' => 'anna@example.test', 'user' => $this->user ] );
		// All that it stores is in UTC, and this must not move it.
		update_option( 'timezone_string', 'Europe/Berlin' );
	}

	protected function tearDown(): void {
		WPSC_Individual_Ticket::$hooks_of_version = WPSC_VERSION;
		parent::tearDown();
	}

	private function create( array $data = [] ): WPSC_Ticket {
		WPSC_Individual_Ticket::$ticket = WPSC_New_Ticket::create( $data + [ 'customer' => $this->customer->id, 'subject' => 'Where is my order?' ] );
		return WPSC_Individual_Ticket::$ticket;
	}

	private static function agent( int $user, bool $isGroup = false ): WPSC_Agent {
		return WPSC_Agent::insert( [ 'name' => 'An agent', 'user' => $user, 'is_agentgroup' => (int) $isGroup, 'is_active' => 1 ] );
	}

	/** As the help desk tells it by its own classes. */
	private static function told( int $id ): array {
		$ticket = new WPSC_Ticket( $id );
		$users  = [];
		foreach ( $ticket->assigned_agent as $agent ) {
			$users[] = $agent->is_agentgroup ? 0 : (int) $agent->user;
		}
		$users = array_values( array_filter( $users ) );
		return [
			'customer_id'   => (int) $ticket->customer->user,
			'subject'       => $ticket->subject,
			'status'        => $ticket->is_active ? (string) $ticket->status->id : '4',
			'category'      => $ticket->category->name,
			'priority'      => $ticket->priority->name,
			'channel'       => $ticket->source ?: null,
			'assigned_to'   => $users[0] ?? null,
			'created_at'    => $ticket->date_created->getTimestamp(),
			'custom_fields' => [ 'deleted' => $ticket->is_active ? null : true ],
		];
	}

	/** @return array<string, array{string, bool}> */
	public function hooks(): array {
		$hooks = [ 'wpsc_create_new_ticket' => [ 'wpsc_create_new_ticket', true ] ];
		foreach (
			[
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
			] as $hook
		) {
			$hooks[ $hook ] = [ $hook, false ];
		}
		return $hooks;
	}

	/** @dataProvider hooks */
	public function testEachHookMarks( string $hook, bool $isNew ): void {
		$ticket = $this->create();
		remove_all_actions( 'wpsc_post_reply', 10 );
		$id          = (int) $ticket->id;
		$this->marks = [];
		do_action( $hook, $ticket, 1, 2, 0 );
		do_action( $hook, $id );
		do_action( $hook, (string) $id );
		do_action( $hook, (object) [ 'id' => $id ] );
		self::assertSame( array_fill( 0, 4, [ $id, $isNew ] ), $this->marks );
	}

	/** @dataProvider noTickets */
	public function testWhatIsNoTicketIsNotMarked( $argument ): void {
		remove_all_actions( 'wpsc_post_reply', 10 );
		$marks = $this->marksOf(
			static function () use ( $argument ): void {
				foreach ( [ 'wpsc_create_new_ticket', 'wpsc_change_ticket_status', 'wpsc_post_reply', 'wpsc_ticket_delete_permanently' ] as $hook ) {
					do_action( $hook, $argument );
				}
				// Of a row that is gone.
				do_action( 'wpsc_change_ticket_status', new WPSC_Ticket( PHP_INT_MAX ), 1, 2, 0 );
				do_action( 'wpsc_submit_note', new WPSC_Thread( PHP_INT_MAX ) );
			}
		);
		self::assertSame( [], $marks );
	}

	public function testAnObjectThatThrowsIsReported(): void {
		$errors = [];
		$listen = static function ( \WP_Error $error ) use ( &$errors ): void {
			$errors[] = $error->get_error_message();
		};
		add_action( 'ticket_metadata_error', $listen );
		do_action( 'wpsc_change_ticket_status', new \stdClass() );
		do_action( 'wpsc_change_ticket_status', new ThrowingTicket() );
		self::assertSame( [ 'there is no id' ], $errors );
	}

	public function testAListenerThatFailsDoesNotHideTheChange(): void {
		$throw = static function (): void {
			throw new \DomainException( 'of another plugin' );
		};
		add_action( 'wpsc_change_ticket_status', $throw, 1 );
		try {
			do_action( 'wpsc_change_ticket_status', 4711 );
			self::fail( 'the listener was to fail' );
		} catch ( \DomainException $error ) {
			self::assertSame( [ [ 4711, false ] ], $this->marks );
		}
	}

	/** @return array<string, array{string, callable(int, self): mixed}> the field that it changes, and what is done */
	public function changes(): array {
		return [
			'status'                  => [ 'status', static fn() => WPSC_Individual_Ticket::change_status( 1, '3', 5 ) ],
			'closed'                  => [ 'status', static fn() => WPSC_Individual_Ticket::change_status( 1, 4, 0 ) ],
			'category'                => [ 'category', static fn() => WPSC_Individual_Ticket::change_category( 1, \WPSC_Category::insert( [ 'name' => 'Sales' ] )->id, 0 ) ],
			'priority'                => [ 'priority', static fn() => WPSC_Individual_Ticket::change_priority( 1, 3, 0 ) ],
			'assignee'                => [ 'assigned_to', static fn() => WPSC_Individual_Ticket::change_assignee( [], [ self::agent( 0, true ), self::agent( 7 ), self::agent( 8 ) ], 0 ) ],
			'subject'                 => [ 'subject', static fn() => WPSC_Individual_Ticket::change_subject( 'Here it is', 0 ) ],
			'subject, before it is stored' => [ 'subject', static fn( int $id ) => \WPSC_REST_Individual_Ticket::change_subject( $id, 'Here it is' ) ],
			'customer'                => [ 'customer_id', static fn( int $id, self $test ) => $test->giveAway() ],
			'an agent replies'        => [ 'status', static fn( int $id, self $test ) => WPSC_Individual_Ticket::reply( 'So.', 1, true ) ],
			'the customer replies'    => [ 'status', static fn( int $id, self $test ) => WPSC_Individual_Ticket::reply( 'Well?', (int) $test->customer->id, false ) ],
			'replied and closed'      => [ 'status', static fn() => WPSC_Individual_Ticket::reply_and_close( 'Done.', 1 ) ],
			'deleted'                 => [ 'custom_fields', static fn( int $id ) => supportcandy_delete( new WPSC_Ticket( $id ) ) ],
		];
	}

	private function giveAway(): void {
		$other = WPSC_Customer::insert( [ 'name' => 'Else', 'email' => 'else@example.test', 'user' => self::user( 'subscriber' ) ] );
		WPSC_Individual_Ticket::change_raised_by( $this->customer, $other, 0 );
	}

	/** @dataProvider changes */
	public function testAChangeIsMarkedAndSeen( string $field, callable $change ): void {
		$id     = (int) $this->create()->id;
		$before = $this->snapshot( $id );
		$marks  = $this->marksOf(
			function () use ( $change, $id ): void {
				$change( $id, $this );
			}
		);
		self::assertSame( [ $id => false ], $marks );
		self::assertNotSame( $before[ $field ], $this->snapshot( $id )[ $field ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
	}

	public function testANewTicket(): void {
		$marks = $this->marksOf(
			function () use ( &$id ): void {
				$id = (int) $this->create()->id;
			}
		);
		self::assertSame( [ $id => true ], $marks );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		self::assertSame( [ $this->user, '1', 'General', 'Low' ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['status'], $this->snapshot( $id )['category'], $this->snapshot( $id )['priority'] ] );
	}

	public function testItsSourceIsTheChannel(): void {
		$ticket = $this->create( [ 'source' => 'imap' ] );
		self::assertSame( 'imap', $this->snapshot( (int) $ticket->id )['channel'] );
		supportcandy_archive( $ticket );
		self::assertSame( 'imap', $this->snapshot( (int) $ticket->id )['channel'] );
		self::assertNull( $this->snapshot( (int) $this->create()->id )['channel'] );
	}

	public function testNothingElseOfATicketLeavesTheSite(): void {
		$ticket = $this->create( [ 'assigned_agent' => self::agent( 7 )->id, 'misc' => '{"secret":1}', 'add_recipients' => 'boss@example.test' ] );
		self::assertSame( self::SEEN, array_keys( $this->snapshot( (int) $ticket->id ) ) );
		$text = wp_json_encode( $this->snapshot( (int) $ticket->id ) );
		foreach ( [ $ticket->auth_code, '192.0.2.7', 'example.test', 'secret' ] as $private ) {
			self::assertStringNotContainsString( $private, $text );
		}
	}

	public function testANoteAndTagsMark(): void {
		$id = (int) $this->create()->id;
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => WPSC_Individual_Ticket::note( 'Among us', 1 ) ) );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => WPSC_Individual_Ticket::change_tags( '1|2', 0 ) ) );
	}

	public function testACustomersReplyOpensAClosedTicketAgain(): void {
		$id = (int) $this->create()->id;
		WPSC_Individual_Ticket::change_status( 1, 4, 0 );
		self::assertSame( '4', $this->snapshot( $id )['status'] );
		self::assertSame( [ $id => false ], $this->marksOf( fn() => WPSC_Individual_Ticket::reply( 'Well?', (int) $this->customer->id, false ) ) );
		self::assertSame( '3', $this->snapshot( $id )['status'] );
	}

	public function testDeletedRestoredGone(): void {
		$ticket = $this->create( [ 'status' => 3 ] );
		$id     = (int) $ticket->id;
		supportcandy_delete( $ticket );
		self::assertSame( [ '4', [ 'deleted' => true ] ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields'] ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => supportcandy_restore( $ticket ) ) );
		self::assertSame( [ '3', [ 'deleted' => null ] ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields'] ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => supportcandy_delete_permanently( $ticket ) ) );
		self::assertNull( $this->snapshot( $id ) );
	}

	public function testGoneInAnOlderVersionWhoseHookGivesTheId(): void {
		WPSC_Individual_Ticket::$hooks_of_version = '3.2.1';
		$ticket = $this->create();
		self::assertSame( [ (int) $ticket->id => false ], $this->marksOf( static fn() => supportcandy_delete_permanently( $ticket ) ) );
	}

	public function testAnArchivedTicketIsAClosedOne(): void {
		$ticket = $this->create( [ 'assigned_agent' => self::agent( 7 )->id ] );
		$id     = (int) $ticket->id;
		$live   = $this->snapshot( $id );
		$marks  = $this->marksOf(
			static function () use ( $ticket, &$archived ): void {
				$archived = supportcandy_archive( $ticket );
			}
		);
		self::assertSame( [ $id => false ], $marks );
		self::assertSame( [ 'status' => '4' ] + $live, [ 'status' => '4' ] + $this->snapshot( $id ), 'all else is as it was' );
		self::assertSame( '4', $this->snapshot( $id )['status'], 'although it was archived as an open one' );
		self::assertSame( [ [ $id ], 1 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => supportcandy_restore_archived( $archived ) ) );
		self::assertSame( $live, $this->snapshot( $id ) );
		$archived = supportcandy_archive( new WPSC_Ticket( $id ) );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => supportcandy_delete_archived( $archived ) ) );
		self::assertNull( $this->snapshot( $id ) );
	}

	public function testAnArchivedTicketKeepsAClosedStatusOfItsOwn(): void {
		update_option( 'wpsc-tl-ms-advanced', [ 'closed-ticket-statuses' => [ '4', '3' ] ] );
		$ticket = $this->create( [ 'status' => 3 ] );
		supportcandy_archive( $ticket );
		self::assertSame( '3', $this->snapshot( (int) $ticket->id )['status'] );
	}

	public function testOfATicketInTwoPlacesTheLiveOneCounts(): void {
		global $wpdb;
		$ticket = $this->create();
		$wpdb->query( 'INSERT INTO ' . \WPSC_Archive_Ticket::table() . ' SELECT * FROM ' . WPSC_Ticket::table() );
		WPSC_Individual_Ticket::change_subject( 'The live one', 0 );
		self::assertSame( [ 'The live one', '1' ], [ $this->snapshot( (int) $ticket->id )['subject'], $this->snapshot( (int) $ticket->id )['status'] ] );
		self::assertSame( [ [ (int) $ticket->id ], 1 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
	}

	public function testAnotherSitesTablesAndNoArchive(): void {
		$this->create();
		update_option( 'wpsc_current_version', '3.3.9' );
		self::withPrefix(
			self::OLDER_PREFIX,
			function (): void {
				$customer = WPSC_Customer::insert( [ 'name' => 'Anna', 'email' => 'anna@example.test', 'user' => $this->user ] );
				$id       = (int) WPSC_New_Ticket::create( [ 'customer' => $customer->id ] )->id;
				self::assertSame( self::told( $id ), $this->snapshot( $id ) );
				self::assertSame( [ [ $id ], [], 1 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->ids( $id, 10 ), $this->bridge->count() ] );
				self::assertSame( [ $id ], $this->bridge->idsOfPerson( 'anna@example.test', 0, 10 ) );
			}
		);
	}

	public function testAGuestHasNoUser(): void {
		$guest = WPSC_Customer::insert( [ 'name' => 'Guest', 'email' => 'guest@example.test', 'user' => 0 ] );
		$id    = (int) $this->create( [ 'customer' => $guest->id ] )->id;
		self::assertSame( [ null, (int) $guest->id ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['guest_id'] ] );
		$nobody = (int) $this->create( [ 'customer' => 0 ] )->id;
		self::assertSame( [ null, null ], [ $this->snapshot( $nobody )['customer_id'], $this->snapshot( $nobody )['guest_id'] ] );
		$gone = (int) $this->create( [ 'customer' => 123456 ] )->id;
		self::assertSame( [ null, 123456 ], [ $this->snapshot( $gone )['customer_id'], $this->snapshot( $gone )['guest_id'] ] );
		supportcandy_merge_guest( $guest, $this->customer );
		self::assertSame( self::told( $id ), $this->snapshot( $id ), 'told to nobody, but there for who looks' );
	}

	/** @return array<string, array{?string, ?int}> assigned_agent, with G for a group, 7 and 8 for users, X for an agent who is gone, Z for one without a user */
	public function assignees(): array {
		return [
			'nobody'                => [ '', null ],
			'nobody, as NULL'       => [ null, null ],
			'one'                   => [ '7', 7 ],
			'two: the first'        => [ '8|7', 8 ],
			'a group alone'         => [ 'G', null ],
			'a group and one'       => [ 'G|7', 7 ],
			'one who is gone first' => [ 'X|8', 8 ],
			'one without a user'    => [ 'Z|7', 7 ],
			'no number'             => [ 'a|b', null ],
		];
	}

	/** @dataProvider assignees */
	public function testTheAssigneeIsTheUserOfTheFirstAgentWhoIsOne( ?string $stored, ?int $expected ): void {
		$agents = [ '7' => self::agent( 7 )->id, '8' => self::agent( 8 )->id, 'G' => self::agent( 7, true )->id, 'X' => '987654', 'Z' => self::agent( 0 )->id ];
		$ticket = $this->create( [ 'assigned_agent' => $stored === null ? null : strtr( $stored, $agents ) ] );
		// Each ticket has its own.
		$this->create( [ 'assigned_agent' => self::agent( 9 )->id ] );
		self::assertSame( $expected, $this->snapshot( (int) $ticket->id )['assigned_to'] );
	}

	/** @return array<string, array{string, ?string}> */
	public function dates(): array {
		return [
			'in winter'                     => [ '2026-01-15 10:00:00', '2026-01-15T10:00:00Z' ],
			'in summer'                     => [ '2026-07-15 10:00:00', '2026-07-15T10:00:00Z' ],
			'an hour that the site skipped' => [ '2026-03-29 02:30:00', '2026-03-29T02:30:00Z' ],
			'none'                          => [ '0000-00-00 00:00:00', null ],
		];
	}

	public function testTicketsOfAPersonWhoIsAnotherCustomerNowAreMarked(): void {
		global $wpdb;
		$guest = WPSC_Customer::insert( [ 'user' => 0, 'name' => 'Guest', 'email' => 'guest@example.test' ] );
		$id    = (int) $this->create( [ 'customer' => $guest->id ] )->id;
		// As SupportCandy does, which tells nobody.
		add_action( 'user_register', static fn( int $user ) => $wpdb->update( "{$wpdb->prefix}psmsc_customers", [ 'user' => $user ], [ 'email' => get_userdata( $user )->user_email ] ) );
		$user  = 0;
		$marks = $this->marksOf(
			static function () use ( &$user ): void {
				$user = self::user( 'customer', 'guest@example.test' );
			}
		);
		self::assertSame( [ $id => false ], $marks );
		self::assertSame( $user, $this->snapshot( $id )['customer_id'] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => do_action( 'profile_update', $user, new \WP_User( $user ), [] ) ), 'also where WordPress had the address before' );
		self::assertSame( [], $this->marksOf( static fn() => do_action( 'profile_update', 0, new \WP_User(), [] ) ), 'a guest is no user' );
	}

	public function testATableThatIsNotThereKeepsNobodyFromRegistering(): void {
		global $wpdb;
		$old          = $wpdb->prefix;
		$wpdb->prefix = 'elsewhere_';
		$wpdb->suppress_errors( true );
		$errors = [];
		add_action( 'ticket_metadata_error', static function ( \WP_Error $error ) use ( &$errors ): void { $errors[] = $error->get_error_code(); } );
		do_action( 'user_register', 7 );
		$wpdb->suppress_errors( false );
		$wpdb->prefix = $old;
		self::assertSame( [ 'bridge_error' ], $errors );
	}

	/** @dataProvider dates */
	public function testDatesAreInUtcAlready( string $stored, ?string $expected ): void {
		$id      = (int) $this->create( [ 'date_created' => $stored ] )->id;
		$seconds = $this->snapshot( $id )['created_at'];
		self::assertSame( $expected, $seconds === null ? null : gmdate( 'Y-m-d\TH:i:s\Z', $seconds ) );
	}

	public function testStatusesAreThoseOfTheSite(): void {
		$lab = (int) WPSC_Status::insert( [ 'name' => 'In the laboratory', 'load_order' => 5 ] )->id;
		$won = (int) WPSC_Status::insert( [ 'name' => 'Solved', 'load_order' => 6 ] )->id;
		update_option( 'wpsc-tl-ms-advanced', [ 'closed-ticket-statuses' => [ '4', (string) $won ] ] );
		$closed       = new WPSC_Status( 4 );
		$closed->name = 'Finished';
		$closed->save();
		$statuses = $this->bridge->statuses();
		self::assertSame(
			[ 1 => 'open', 2 => 'pending', 3 => 'open', 4 => 'closed', $lab => 'open', $won => 'closed', 'other' => 'open' ],
			array_map( static fn( array $status ): string => $status['default'], $statuses )
		);
		self::assertSame( [ 'In the laboratory', 'Finished' ], [ $statuses[ $lab ]['label'], $statuses[4]['label'] ] );
	}

	public function testTheStatusesOfASiteThatHasOthers(): void {
		global $wpdb;
		$wpdb->query( 'DELETE FROM ' . WPSC_Status::table() . ' WHERE id IN (2, 4)' );
		update_option( 'wpsc-gs-general', [ 'close-ticket-status' => '9' ] );
		update_option( 'wpsc-tl-ms-advanced', false );
		self::assertSame(
			[ 1 => 'open', 3 => 'open', 9 => 'closed', 'other' => 'open' ],
			array_map( static fn( array $status ): string => $status['default'], $this->bridge->statuses() )
		);
		$ticket = $this->create( [ 'status' => 4 ] );
		self::assertSame( 'other', $this->snapshot( (int) $ticket->id )['status'], 'its status is gone' );
		supportcandy_delete( $ticket );
		self::assertSame( '9', $this->snapshot( (int) $ticket->id )['status'] );
		delete_option( 'wpsc-gs-general' );
		self::assertSame( 'closed', $this->bridge->statuses()[4]['default'], 'as a new installation has it' );
	}

	/** @return array<string, array{string, string, array, mixed, mixed}> action, the ticket's column, the form, and what is seen then of a ticket and of an archived one */
	public function edits(): array {
		return [
			'a category is renamed' => [ 'wpsc_set_edit_category', 'category', [ 'label' => 'Anew' ], 'Anew', 'Anew' ],
			'a category is deleted' => [ 'wpsc_set_delete_category', 'category', [ 'replace_id' => '1' ], 'General', null ],
			'a priority is renamed' => [ 'wpsc_set_edit_priority', 'priority', [ 'label' => 'Anew' ], 'Anew', 'Anew' ],
			'a priority is deleted' => [ 'wpsc_set_delete_priority', 'priority', [ 'replace_id' => '1' ], 'Low', null ],
			'a status is deleted'   => [ 'wpsc_set_delete_status', 'status', [ 'replace_id' => '3' ], '3', '4' ],
		];
	}

	/** @dataProvider edits */
	public function testTicketsThatNameWhatIsEditedAreMarked( string $action, string $column, array $form, ?string $seen, ?string $seenOfArchived ): void {
		$class    = [ 'category' => \WPSC_Category::class, 'priority' => \WPSC_Priority::class, 'status' => WPSC_Status::class ][ $column ];
		$edited   = (int) $class::insert( [ 'name' => 'Old' ] )->id;
		$id       = (int) $this->create( [ $column => $edited ] )->id;
		$archived = $this->create( [ $column => $edited ] );
		supportcandy_archive( $archived );
		$this->create( [ $column => 2 ] );
		self::assertSame( [], $this->marksOf( fn() => $this->ask( $action, [ 'id' => (string) $edited ] + $form, 'not_allowed' ) ), 'nobody else may have them sent again' );
		self::assertSame( [ $id => false, (int) $archived->id => false ], $this->marksOf( fn() => $this->ask( $action, [ 'id' => (string) $edited ] + $form ) ) );
		self::assertSame( [ $seen, $seenOfArchived ], [ $this->snapshot( $id )[ $column ], $this->snapshot( (int) $archived->id )[ $column ] ] );
		self::assertSame( [], $this->marksOf( fn() => $this->ask( $action, [ 'id' => '0', 'replace_id' => '1', 'label' => '' ] ) ) );
	}

	/** A request of SupportCandy's own pages. */
	private function ask( string $action, array $form, ?string $nonceOf = null ): void {
		$_POST = $form + [ '_ajax_nonce' => wp_create_nonce( $nonceOf ?? $action ) ];
		do_action( "wp_ajax_$action" );
	}

	public function testTicketsOfACustomerWhoIsDeletedAreMarked(): void {
		$other = WPSC_Customer::insert( [ 'user' => 0, 'name' => 'Other', 'email' => 'other@example.test' ] );
		$kept  = (int) $this->create( [ 'customer' => $other->id ] )->id;
		$ids   = [ (int) $this->create()->id, (int) $this->create()->id ];
		supportcandy_archive( new WPSC_Ticket( $ids[1] ) );
		$marks = $this->marksOf( fn() => $this->ask( 'wpsc_delete_customer', [ 'customer_id' => (string) $this->customer->id ] ) );
		self::assertSame( array_fill_keys( $ids, false ), $marks );
		self::assertNull( $this->snapshot( $ids[0] ) );
		self::assertSame( [ null, (int) $this->customer->id ], [ $this->snapshot( $ids[1] )['customer_id'], $this->snapshot( $ids[1] )['guest_id'] ], 'what is archived stays, and is nobody\'s' );
		self::assertSame( (int) $other->id, $this->snapshot( $kept )['guest_id'] );
	}

	public function testATicketThatIsMadeAnonymousIsMarked(): void {
		$ticket    = $this->create();
		$anonymous = WPSC_Customer::insert( [ 'user' => 0, 'name' => 'Anonymous', 'email' => 'nobody@example.test' ] );
		self::assertSame( [ (int) $ticket->id => false ], $this->marksOf( static fn() => supportcandy_anonymize( $ticket, $anonymous ) ) );
		self::assertNull( $this->snapshot( (int) $ticket->id )['customer_id'] );
	}

	public function testOfTwoThatBecomeOneBothAreMarked(): void {
		$ids = [ (int) $this->create()->id, (int) $this->create()->id ];
		self::assertSame( array_fill_keys( $ids, false ), $this->marksOf( static fn() => do_action( 'wpsc_after_ticket_merge', new WPSC_Ticket( $ids[0] ), new WPSC_Ticket( $ids[1] ) ) ) );
	}

	public function testTicketsOfAnAgentWhoLeavesOrComesBackAreMarked(): void {
		$agent  = self::agent( 7 );
		$second = self::agent( 8 );
		$id     = (int) $this->create( [ 'assigned_agent' => "$agent->id|$second->id" ] )->id;
		$last   = $this->create( [ 'assigned_agent' => "$second->id|$agent->id" ] );
		supportcandy_archive( $last );
		$this->create( [ 'assigned_agent' => "1$agent->id|{$agent->id}1" ] );
		$this->create( [ 'assigned_agent' => null, 'customer' => 0 ] );
		$both = [ $id => false, (int) $last->id => false ];
		self::assertSame( 7, $this->snapshot( $id )['assigned_to'] );
		self::assertSame( $both, $this->marksOf( static fn() => supportcandy_delete_agent( $agent ) ) );
		self::assertSame( 8, $this->snapshot( $id )['assigned_to'] );
		$agent->user = 9;
		$agent->save();
		self::assertSame( $both, $this->marksOf( static fn() => do_action( 'user_register', 9, [] ) ) );
		self::assertSame( 9, $this->snapshot( $id )['assigned_to'] );
		self::assertSame( [], $this->marksOf( static fn() => do_action( 'profile_update', 9, new \WP_User(), [] ) ), 'who has many has them sent once' );
		self::assertSame( [], $this->marksOf( static fn() => do_action( 'wpsc_delete_agent', null ) ) );
	}

	public function testTicketsOfAStatusThatIsClosedFromNowOnAreMarked(): void {
		$ids   = array_map( fn( int $status ): int => (int) $this->create( [ 'status' => $status ] )->id, [ 1, 2, 3, 4 ] );
		$marks = $this->marksOf( static fn() => update_option( 'wpsc-tl-ms-advanced', [ 'closed-ticket-statuses' => [ '2', '3' ] ] ) );
		self::assertSame( [ $ids[1] => false, $ids[2] => false, $ids[3] => false ], $marks, 'those that are, and those that are not any more' );
		$marks = $this->marksOf( static fn() => update_option( 'wpsc-gs-general', [ 'close-ticket-status' => 3 ] ) );
		self::assertSame( [ $ids[2] => false, $ids[3] => false ], $marks );
		self::assertSame( [], $this->marksOf( static fn() => update_option( 'wpsc-gs-general', [ 'close-ticket-status' => 3, 'another' => 'setting' ] ) ) );
	}

	public function testARowThatATicketNamesMayBeGone(): void {
		$id = (int) $this->create( [ 'category' => 123, 'priority' => 0, 'subject' => '' ] )->id;
		self::assertSame( [ null, null, null ], [ $this->snapshot( $id )['category'], $this->snapshot( $id )['priority'], $this->snapshot( $id )['subject'] ] );
	}

	public function testManyAreReadInFewQueries(): void {
		global $wpdb;
		$agent  = self::agent( 7 )->id;
		$values = implode( ',', array_fill( 0, 501, "({$this->customer->id}, 'Many', 1, 1, 1, '$agent', UTC_TIMESTAMP(), UTC_TIMESTAMP(), 'registered')" ) );
		$wpdb->query( 'INSERT INTO ' . WPSC_Ticket::table() . " (customer, subject, status, priority, category, assigned_agent, date_created, date_updated, user_type) VALUES $values" );
		$ids = $this->bridge->ids( 0, 1000 );
		self::assertCount( 501, $ids );
		$queries = self::queries(
			function () use ( $ids, &$snapshots ): void {
				$snapshots = $this->bridge->snapshots( $ids );
			}
		);
		self::assertEqualsCanonicalizing( $ids, array_keys( $snapshots ) );
		self::assertSame( 2, $queries, 'one for each 500' );
		self::assertSame( [], $this->bridge->snapshots( [] ) );
	}

	public function testIdsInOrderAndOfAPerson(): void {
		$guest = WPSC_Customer::insert( [ 'name' => 'Guest', 'email' => 'guest@example.test', 'user' => 0 ] );
		$ids   = [];
		foreach ( [ $this->customer, $this->customer, $guest, $this->customer ] as $customer ) {
			$ids[] = (int) $this->create( [ 'customer' => $customer->id ] )->id;
		}
		supportcandy_archive( new WPSC_Ticket( $ids[1] ) );
		supportcandy_delete( new WPSC_Ticket( $ids[3] ) );
		self::assertSame( [ $ids, 4 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $ids[1], $ids[2] ], $this->bridge->ids( $ids[0], 2 ) );
		self::assertSame( [ $ids[0], $ids[1] ], $this->bridge->idsOfPerson( 'anna@example.test', 0, 2 ) );
		self::assertSame( [ $ids[3] ], $this->bridge->idsOfPerson( 'anna@example.test', $ids[1], 2 ) );
		self::assertSame( [ $ids[2] ], $this->bridge->idsOfPerson( 'guest@example.test', 0, 10 ) );
		$this->create( [ 'customer' => 0 ] );
		self::assertSame( [], $this->bridge->idsOfPerson( 'nobody@example.test', 0, 10 ), 'nobody is not everyone without a user' );
		add_filter( 'send_email_change_email', '__return_false' );
		wp_update_user( [ 'ID' => $this->user, 'user_email' => 'anna.new@example.test' ] );
		self::assertSame( [ $ids[0], $ids[1], $ids[3] ], $this->bridge->idsOfPerson( 'anna.new@example.test', 0, 10 ), 'by the user' );
	}

	public function testTheServiceHasWhatTheHelpDeskHas(): void {
		$ticket   = $this->create( [ 'assigned_agent' => self::agent( 7 )->id, 'source' => 'browser' ] );
		$id       = (int) $ticket->id;
		$expected = [ 'customer_id' => $this->user, 'subject' => 'Where is my order?', 'category' => 'General', 'priority' => 'Low', 'channel' => 'browser', 'assigned_to' => 7, 'created_at' => $ticket->date_created->getTimestamp() ];
		self::assertEquals( $expected + [ 'status' => 'open' ], $this->sent( $id ) );
		WPSC_Individual_Ticket::change_assignee( $ticket->assigned_agent, [], 0 );
		unset( $expected['assigned_to'] );
		WPSC_Individual_Ticket::change_status( 1, 2, 0 );
		self::assertEquals( $expected + [ 'status' => 'pending' ], $this->sent( $id ) );
		$archived = supportcandy_archive( new WPSC_Ticket( $id ) );
		self::assertEquals( $expected + [ 'status' => 'closed' ], $this->sent( $id ) );
		supportcandy_delete( supportcandy_restore_archived( $archived ) );
		self::assertEquals( $expected + [ 'status' => 'closed', 'custom_fields' => [ 'deleted' => true ] ], $this->sent( $id ) );
		supportcandy_restore( new WPSC_Ticket( $id ) );
		self::assertEquals( $expected + [ 'status' => 'pending' ], $this->sent( $id ) );
		supportcandy_delete_permanently( new WPSC_Ticket( $id ) );
		self::assertNull( $this->sent( $id ) );
		self::assertTrue( $this->deliver( $id )->isStored(), 'and once more' );
	}

	public function testTheServiceKnowsAGuestByAnIdOfItsOwn(): void {
		$guest  = WPSC_Customer::insert( [ 'name' => 'Guest', 'email' => 'guest@example.test', 'user' => 0 ] );
		$ticket = $this->create( [ 'customer' => $guest->id ] );
		self::assertSame( \TicketMetadata\Changes\TicketIds::ofGuest( (int) $guest->id ), $this->sent( (int) $ticket->id )['customer_id'] );
	}

	private function createdIn2019( array $columns ): int {
		global $wpdb;
		$id = (int) $this->create()->id;
		$wpdb->update( WPSC_Ticket::table(), $columns + [ 'date_created' => '2019-03-04 11:46:40', 'date_updated' => '2019-08-01 00:00:00' ], [ 'id' => $id ] );
		return $id;
	}

	public function testATicketThatWasClosedIn2019IsClosedIn2019(): void {
		$id = $this->createdIn2019( [ 'status' => 4, 'date_closed' => '2019-03-05 12:46:40' ] );
		$this->assertImported( $id, '2019-08-01 00:00:00', '2019-03-05 12:46:40' );
	}

	public function testDatesOfOtherTickets(): void {
		$none = '0000-00-00 00:00:00';
		$this->assertImported( $this->createdIn2019( [ 'status' => 1, 'date_closed' => $none ] ), '2019-08-01 00:00:00', null );
		$this->assertImported( $this->createdIn2019( [ 'status' => 1, 'date_closed' => '2019-03-05 12:46:40' ] ), '2019-08-01 00:00:00', null );
		$this->assertImported( $this->createdIn2019( [ 'status' => 4, 'date_closed' => $none ] ), '2019-08-01 00:00:00', '2019-08-01 00:00:00' );
		$this->assertImported( $this->createdIn2019( [ 'status' => 1, 'date_closed' => $none, 'is_active' => 0 ] ), '2019-08-01 00:00:00', '2019-08-01 00:00:00' );
		$archived = $this->createdIn2019( [ 'status' => 4, 'date_closed' => '2019-03-05 12:46:40' ] );
		supportcandy_archive( new WPSC_Ticket( $archived ) );
		$this->assertImported( $archived, '2019-08-01 00:00:00', '2019-03-05 12:46:40' );
		self::assertSame( [ 4711 ], $this->bridge->deleted( [ $archived, 4711 ] ), 'an archived one is there' );
	}

	public function testItRuns(): void {
		self::assertTrue( $this->bridge->isActive() );
		self::assertSame( [ 'supportcandy', 'SupportCandy' ], [ $this->bridge->slug(), $this->bridge->name() ] );
	}
}
