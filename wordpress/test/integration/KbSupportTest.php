<?php
namespace TicketMetadata\Test;

/** Its tickets: what changes them, and what the bridge reads of them. */
final class KbSupportTest extends KbSupportTestCase {

	use TicketsAsPosts;

	private const POST_TYPE      = 'kbs_ticket';
	private const FIRST_KEY      = '_kbs_ticket_key';
	private const AGENT_KEY      = '_kbs_ticket_agent_id';
	private const OTHER_KEY      = '_kbs_ticket_flagged';
	private const OTHER_TAXONOMY = 'ticket_tag';

	/** @return array<string, array{string, array, bool}> hook, arguments, whether the ticket is new */
	public function hooks(): array {
		return [
			'opened'                        => [ 'kbs_add_ticket', [ 4711, [ 'post_title' => 'Well' ] ], true ],
			'saved'                         => [ 'kbs_ticket_saved', [ 4711, new \stdClass(), false ], false ],
			'moved'                         => [ 'kbs_update_ticket_status', [ 4711, 'hold', false, new \stdClass() ], false ],
			'assigned'                      => [ 'kbs_assigned_agent', [ 4711, 3, '' ], false ],
			'assigned, with its id as text' => [ 'kbs_assigned_agent', [ '4711', '3', '' ], false ],
			'replied'                       => [ 'kbs_reply_to_ticket', [ 4711, 4712, [], new \stdClass() ], false ],
		];
	}

	/** @return array<string, array{string, array, bool}> hook, arguments with ID for the ticket's id and POST for its post, whether it is new */
	public function hooksOfWordPress(): array {
		return [
			'a new post'              => [ 'save_post_kbs_ticket', [ 'ID', 'POST', false ], true ],
			'a post'                  => [ 'save_post_kbs_ticket', [ 'ID', 'POST', true ], false ],
			'no automatic draft'      => [ 'transition_post_status', [ 'open', 'auto-draft', 'POST' ], true ],
			'from the status new'     => [ 'transition_post_status', [ 'open', 'new', 'POST' ], false ],
			'moved'                   => [ 'transition_post_status', [ 'hold', 'open', 'POST' ], false ],
			'a ticket from now on'    => [ 'added_post_meta', [ 1, 'ID', '_kbs_ticket_key', 'secret' ], true ],
			'assigned'                => [ 'added_post_meta', [ 1, 'ID', '_kbs_ticket_agent_id', '7' ], false ],
			'assigned to another'     => [ 'updated_post_meta', [ 1, 'ID', '_kbs_ticket_agent_id', '8' ], false ],
			'nobody\'s'               => [ 'deleted_post_meta', [ [ 1 ], 'ID', '_kbs_ticket_agent_id', '' ], false ],
			'of another customer'     => [ 'updated_post_meta', [ 1, 'ID', '_kbs_ticket_customer_id', '8' ], false ],
			'a category'              => [ 'set_object_terms', [ 'ID', [ 3 ], [ 3 ], 'ticket_category', false, [] ], false ],
			'a department'            => [ 'set_object_terms', [ 'ID', [ 3 ], [ 3 ], 'department', false, [] ], false ],
			'no source'               => [ 'deleted_term_relationships', [ 'ID', [ 3 ], 'ticket_source' ], false ],
			'trashed'                 => [ 'trashed_post', [ 'ID' ], false ],
			'restored'                => [ 'untrashed_post', [ 'ID', 'open' ], false ],
			'gone'                    => [ 'deleted_post', [ 'ID', 'POST' ], false ],
		];
	}

	/** @dataProvider noTickets */
	public function testWhatIsNoTicketIsNotMarked( $argument ): void {
		$id    = $this->open();
		$reply = ( new \KBS_Ticket( $id ) )->add_reply( [ 'ticket_id' => $id, 'response' => 'Well?' ] );
		$this->assertMarksNothing(
			$reply,
			static function () use ( $argument ): void {
				foreach ( [ 'kbs_add_ticket', 'kbs_ticket_saved', 'kbs_reply_to_ticket', 'trashed_post', 'deleted_post', 'save_post_kbs_ticket', 'kbs_pre_delete_customer' ] as $hook ) {
					do_action( $hook, $argument, $argument );
				}
				do_action( 'updated_post_meta', 1, $argument, '_kbs_ticket_agent_id', '7' );
				do_action( 'set_object_terms', $argument, [], [], 'department' );
				do_action( 'transition_post_status', 'open', 'new', $argument );
				do_action( 'kbs_customer_pre_update', $argument, [ 'user_id' => 7 ] );
				do_action( 'kbs_customer_pre_update', 1, $argument );
				do_action( 'kbs_customer_post_update', $argument, $argument, $argument );
				do_action( 'kbs_post_insert_customer', $argument, [ 'user_id' => $argument ] );
				do_action( 'kbs_post_insert_customer', 1, $argument );
			}
		);
	}

	public function testAListenerThatFailsDoesNotHideTheChange(): void {
		$id    = $this->open();
		$throw = static function (): void {
			throw new \DomainException( 'of another plugin' );
		};
		add_action( 'save_post_kbs_ticket', $throw, 1 );
		$this->marks = [];
		try {
			kbs_set_ticket_status( $id, 'hold' );
			self::fail( 'the listener was to fail' );
		} catch ( \DomainException $error ) {
			self::assertContains( [ $id, false ], $this->marks );
			self::assertSame( 'hold', $this->snapshot( $id )['status'] );
		}
	}

	/** What an agent does on the edit screen, whose form sends all its fields. */
	private function edit( int $id, array $form, array $post = [] ): void {
		wp_set_current_user( $this->agent );
		$ticket = new \KBS_Ticket( $id );
		$_POST  = $form + [ 'kbs_ticket_meta_box_nonce' => wp_create_nonce( 'kbs_ticket_meta_save' ), 'kbs_customer_id' => $ticket->customer_id, 'kbs_agent_id' => $ticket->agent_id, 'ticket_status' => $ticket->status ];
		wp_update_post( [ 'ID' => $id ] + $post );
	}

	private static function set( int $id, string $name, $value ): void {
		$ticket        = new \KBS_Ticket( $id );
		$ticket->$name = $value;
		$ticket->save();
	}

	private function reply( int $id, array $reply ): void {
		( new \KBS_Ticket( $id ) )->add_reply( $reply + [ 'ticket_id' => $id, 'response' => 'Well?' ] );
	}

	/** @return array<string, array{string, callable(self, int): mixed}> the field that it changes, and what is done */
	public function changes(): array {
		return [
			'assigned'                      => [ 'assigned_to', static fn( self $test, int $id ) => kbs_assign_agent( $id, $test->agent ) ],
			'assigned: open'                => [ 'status', static fn( self $test, int $id ) => kbs_assign_agent( $id, $test->agent ) ],
			'moved'                         => [ 'status', static fn( self $test, int $id ) => kbs_set_ticket_status( $id, 'hold' ) ],
			'closed'                        => [ 'status', static fn( self $test, int $id ) => kbs_set_ticket_status( $id, 'closed' ) ],
			'moved by WordPress'            => [ 'status', static fn( self $test, int $id ) => wp_update_post( [ 'ID' => $id, 'post_status' => 'open' ] ) ],
			'assigned past its functions'   => [ 'assigned_to', static fn( self $test, int $id ) => update_post_meta( $id, '_kbs_ticket_agent_id', '77' ) ],
			'closed with the last reply'    => [ 'status', static fn( self $test, int $id ) => $test->reply( $id, [ 'close' => true ] ) ],
			'moved with an agent\'s reply'  => [ 'status', static fn( self $test, int $id ) => $test->reply( $id, [ 'author' => $test->agent, 'status' => 'hold' ] ) ],
			'closed with an agent\'s reply' => [ 'status', static fn( self $test, int $id ) => $test->reply( $id, [ 'author' => $test->agent, 'status' => 'closed' ] ) ],
			'another subject'               => [ 'subject', static fn( self $test, int $id ) => wp_update_post( [ 'ID' => $id, 'post_title' => 'Here it is' ] ) ],
			'another customer'              => [ 'customer_id', static fn( self $test, int $id ) => self::set( $id, 'customer_id', self::customerOf( $test->openAsGuest() )->id ) ],
			'no customer'                   => [ 'customer_id', static fn( self $test, int $id ) => delete_post_meta( $id, '_kbs_ticket_customer_id' ) ],
			'a category'                    => [ 'category', static fn( self $test, int $id ) => self::set( $id, 'ticket_category', self::term( 'ticket_category', 'Sales' ) ) ],
			'a department'                  => [ 'custom_fields', static fn( self $test, int $id ) => self::set( $id, 'department', self::term( 'department', 'Sales' ) ) ],
			'a source'                      => [ 'channel', static fn( self $test, int $id ) => self::set( $id, 'source', 'kbs-telephone' ) ],
			'edit screen: the status'       => [ 'status', static fn( self $test, int $id ) => $test->edit( $id, [ 'ticket_status' => 'hold' ] ) ],
			'edit screen: the subject'      => [ 'subject', static fn( self $test, int $id ) => $test->edit( $id, [], [ 'post_title' => 'Here it is' ] ) ],
			'edit screen: the agent'        => [ 'assigned_to', static fn( self $test, int $id ) => $test->edit( $id, [ 'kbs_agent_id' => $test->agent ] ) ],
			'edit screen: nobody\'s'        => [ 'customer_id', static fn( self $test, int $id ) => $test->edit( $id, [ 'kbs_customer_id' => '' ] ) ],
			'edit screen: the category'     => [ 'category', static fn( self $test, int $id ) => $test->edit( $id, [], [ 'tax_input' => [ 'ticket_category' => [ self::term( 'ticket_category', 'Sales' ) ] ] ] ) ],
			'trashed'                       => [ 'status', static fn( self $test, int $id ) => wp_trash_post( $id ) ],
		];
	}

	/** @dataProvider changes */
	public function testAChangeIsMarkedAndSeen( string $field, callable $change ): void {
		$this->openAsGuest();
		wp_set_current_user( $this->user );
		get_role( 'support_agent' )->add_cap( 'manage_categories' );
		get_role( 'support_agent' )->add_cap( 'edit_posts' );
		$id = $this->open();
		self::assertFalse( $this->marksOfChange( $id, $field, $change )[ $id ], 'marked, and not as a new one' );
	}

	public function testAChangeMarksThisTicketAlone(): void {
		$this->open();
		$id = $this->open();
		self::assertSame( [ $id => false ], $this->marksOf( fn() => kbs_assign_agent( $id, $this->agent ) ), 'the customer\'s counter is no change' );
		self::assertSame( [ $id => false ], $this->marksOf( fn() => $this->reply( $id, [] ) ), 'and a reply and its log are no tickets' );
	}

	public function testATicketOfTheFormIsNew(): void {
		$marks = $this->marksOf(
			function () use ( &$id ): void {
				$id = $this->open( [ 'post_category' => [ self::term( 'ticket_category', 'Orders' ) ], 'department' => self::term( 'department', 'Shop' ), 'agent_id' => $this->agent ] );
			}
		);
		self::assertSame( [ $id => true ], $marks );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		// It is assigned at once, and that opens it.
		$expected = [ $this->user, 'open', 'Orders', 'Website', $this->agent, 'Shop' ];
		$snapshot = $this->snapshot( $id );
		self::assertSame( $expected, [ $snapshot['customer_id'], $snapshot['status'], $snapshot['category'], $snapshot['channel'], $snapshot['assigned_to'], $snapshot['custom_fields']['department'] ] );
	}

	public function testATicketThatLeavesTheStatusNewIsNotANewTicket(): void {
		$id = $this->open();
		self::assertSame( 'new', $this->snapshot( $id )['status'] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => kbs_set_ticket_status( $id, 'open' ) ) );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_update_post( [ 'ID' => $id, 'post_status' => 'new' ] ) ) );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_update_post( [ 'ID' => $id, 'post_title' => 'Still new' ] ) ) );
	}

	public function testATicketOfAnAgentIsOneFromTheFirstSaveOn(): void {
		$sales  = self::term( 'department', 'Sales' );
		$opened = $this->marksOf(
			static function () use ( &$id, $sales ): void {
				$id = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'auto-draft', 'post_title' => 'Auto Draft' ] );
				wp_set_object_terms( $id, $sales, 'department' );
				// WordPress saves what is typed before anybody presses a button.
				wp_update_post( [ 'ID' => $id, 'post_status' => 'draft', 'post_title' => 'By tele' ] );
			}
		);
		self::assertSame( [], $opened, 'a draft is no ticket' );
		self::assertNull( $this->snapshot( $id ) );
		self::assertSame( [ [], 0 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		$customer = self::customerOf( $this->open() )->id;
		$source   = get_term_by( 'slug', 'kbs-telephone', 'ticket_source' )->term_id;
		$saved    = $this->marksOf( fn() => $this->edit( $id, [ 'kbs_customer_id' => $customer, 'kbs_agent_id' => $this->agent, 'ticket_status' => 'open', 'kbs_ticket_source' => $source ], [ 'post_title' => 'By telephone' ] ) );
		self::assertSame( [ $id => true ], $saved );
		self::assertSame( [ $this->user, 'open', 'By telephone', 'Telephone' ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['status'], $this->snapshot( $id )['subject'], $this->snapshot( $id )['channel'] ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		self::assertContains( $id, $this->bridge->ids( 0, 10 ) );
	}

	public function testARepliesTicketIsMarkedAndClosedOnesOpenAgain(): void {
		$id = $this->open();
		kbs_set_ticket_status( $id, 'closed' );
		self::assertSame( 'closed', $this->snapshot( $id )['status'] );
		self::assertSame( [ $id => false ], $this->marksOf( fn() => $this->reply( $id, [] ) ) );
		self::assertSame( 'open', $this->snapshot( $id )['status'] );
		kbs_set_ticket_status( $id, 'closed' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => kb_support_reopen( $id ) ), 'by the link in the list' );
		self::assertSame( 'open', $this->snapshot( $id )['status'] );
		add_filter( 'kbs_add_ticket_update_args', static fn( array $update ): array => [ 'post_status' => 'hold' ] + $update );
		$this->reply( $id, [] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ), 'a setting says otherwise' );
	}

	public function testOfSeveralAgentsTheOneToWhomItIsAssignedCounts(): void {
		$id     = $this->open( [ 'agent_id' => $this->agent ] );
		$second = self::user( 'support_agent' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => kbs_add_agents_to_ticket( $id, [ $second ] ) ) );
		self::assertSame( $this->agent, $this->snapshot( $id )['assigned_to'] );
		self::set( $id, 'agent_id', '-1' );
		self::assertNull( $this->snapshot( $id )['assigned_to'], 'the others only help' );
	}

	public function testANoteMarks(): void {
		$id = $this->open();
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => kbs_insert_note( $id, 'Among us' ) ) );
	}

	public function testTrashedRestoredDeleted(): void {
		$id = $this->open();
		kbs_set_ticket_status( $id, 'hold' );
		wp_trash_post( $id );
		self::assertSame( [ 'closed', true ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields']['deleted'] ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		self::assertSame( [ [ $id ], 1 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_untrash_post( $id ) ) );
		// WordPress restores everything as a draft, which is none of KB Support's statuses.
		self::assertSame( [ 'other', null ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields']['deleted'] ] );
		self::assertSame( [ [ $id ], 1 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => kbs_set_ticket_status( $id, 'open' ) ) );
		$this->reply( $id, [] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_post( $id, true ) ), 'and nothing of its replies' );
		self::assertNull( $this->snapshot( $id ) );
	}

	public function testARestoredTicketThatIsDeletedAsADraftIsMarked(): void {
		$id = $this->open();
		wp_set_object_terms( $id, [], 'ticket_source' );
		wp_trash_post( $id );
		wp_untrash_post( $id );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_post( $id, true ) ), 'although nothing of it is left that says what it was' );
	}

	public function testATicketOfAnImportNeedsNoKey(): void {
		$marks = $this->marksOf(
			static function () use ( &$id ): void {
				$id = wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => 'closed', 'post_title' => 'From another help desk' ] );
			}
		);
		self::assertSame( [ $id => true ], $marks );
		self::assertSame( [ 'closed', null ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['guest_id'] ] );
		self::assertSame( [ $id ], $this->bridge->ids( 0, 10 ) );
	}

	public function testATermThatIsTakenAwayOrRenamedIsSeen(): void {
		$id = $this->open();
		$this->open();
		wp_set_object_terms( $id, [ 'Sales', 'Accounts' ], 'ticket_category' );
		self::assertSame( 'Accounts', $this->snapshot( $id )['category'], 'the first by name' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_remove_object_terms( $id, 'Accounts', 'ticket_category' ) ) );
		$term = get_term_by( 'name', 'Sales', 'ticket_category' )->term_id;
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_update_term( $term, 'ticket_category', [ 'name' => 'Shop' ] ) ) );
		self::assertSame( 'Shop', $this->snapshot( $id )['category'] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_term( $term, 'ticket_category' ) ) );
		self::assertNull( $this->snapshot( $id )['category'] );
		wp_set_object_terms( $id, 'kbs-other', 'ticket_source' );
		$reply = wp_insert_post( [ 'post_type' => 'kbs_ticket_reply', 'post_status' => 'publish', 'post_content' => 'Well?' ] );
		wp_set_object_terms( $reply, 'kbs-other', 'ticket_source' );
		$source = get_term_by( 'slug', 'kbs-other', 'ticket_source' )->term_id;
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_update_term( $source, 'ticket_source', [ 'name' => 'Letter' ] ) ), 'and no reply' );
		self::assertSame( 'Letter', $this->snapshot( $id )['channel'] );
	}

	public function testItIsReadPastCachesAndWithoutTheHelpDesk(): void {
		global $wpdb;
		$id = $this->open();
		wp_set_object_terms( $id, 'Sales', 'department' );
		get_post( $id );
		get_post_meta( $id );
		// As another PHP request would.
		$wpdb->update( $wpdb->posts, [ 'post_title' => 'Changed elsewhere', 'post_status' => 'hold' ], [ 'ID' => $id ] );
		$wpdb->insert( $wpdb->postmeta, [ 'post_id' => $id, 'meta_key' => '_kbs_ticket_agent_id', 'meta_value' => '7' ] );
		unregister_taxonomy( 'department' );
		unregister_post_type( 'kbs_ticket' );
		$snapshot = $this->bridge->snapshots( [ $id ] )[ $id ];
		kb_support_register();
		self::assertSame( [ 'Changed elsewhere', 'hold', 'Sales', 7 ], [ $snapshot['subject'], $snapshot['status'], $snapshot['custom_fields']['department'], $snapshot['assigned_to'] ] );
		self::assertSame( 'Where is my order?', get_post( $id )->post_title, 'the cache has the old one' );
	}

	public function testNothingElseOfATicketLeavesTheSite(): void {
		$id   = $this->open();
		$text = wp_json_encode( $this->snapshot( $id ) );
		foreach ( [ get_post_meta( $id, '_kbs_ticket_key', true ), '192.0.2.7', 'example.test', 'A customer', 'It has not come' ] as $private ) {
			self::assertStringNotContainsString( $private, $text );
		}
	}

	public function testTheSubjectIsAsStored(): void {
		$id = $this->open();
		self::writeElsewhere( $id, [ 'post_title' => 'Bread &amp; Butter' ] );
		self::assertSame( 'Bread &amp; Butter', $this->snapshot( $id )['subject'] );
		self::writeElsewhere( $id, [ 'post_title' => '' ] );
		self::assertNull( $this->snapshot( $id )['subject'] );
	}

	public function testStatusesAreThoseOfTheSite(): void {
		register_post_status( 'at-lab', [ 'label' => 'In the laboratory', 'kb-support' => true ] );
		register_post_status( 'solved', [ 'label' => 'Solved', 'kb-support' => true ] );
		add_filter( 'kbs_inactive_ticket_statuses', static fn( array $keys ): array => array_merge( $keys, [ 'solved' ] ) );
		$statuses = $this->bridge->statuses();
		self::assertSame(
			[ 'at-lab' => 'open', 'closed' => 'closed', 'hold' => 'on-hold', 'new' => 'open', 'open' => 'open', 'other' => 'open', 'solved' => 'closed' ],
			self::sorted( array_map( static fn( array $status ): string => $status['default'], $statuses ) )
		);
		self::assertSame( [ 'In the laboratory', 'On Hold' ], [ $statuses['at-lab']['label'], $statuses['hold']['label'] ] );
		$id = $this->open();
		kbs_set_ticket_status( $id, 'at-lab' );
		self::assertSame( 'at-lab', $this->snapshot( $id )['status'] );
		unset( $GLOBALS['wp_post_statuses']['at-lab'], $GLOBALS['wp_post_statuses']['solved'] );
		self::assertSame( 'other', $this->snapshot( $id )['status'], 'an add-on that is gone' );
		add_filter( 'kbs_inactive_ticket_statuses', static fn(): string => 'broken' );
		self::assertSame( 'closed', $this->bridge->statuses()['closed']['default'], 'a broken filter ends no page' );
	}

	private static function sorted( array $map ): array {
		ksort( $map );
		return $map;
	}

	public function testAPageThatEndsBeforeTheyAreRegisteredHasThemToo(): void {
		$id         = $this->open();
		$registered = $GLOBALS['wp_post_statuses'];
		foreach ( [ 'new', 'open', 'hold', 'closed' ] as $status ) {
			unset( $GLOBALS['wp_post_statuses'][ $status ] );
		}
		$statuses = $this->bridge->statuses();
		$snapshot = $this->snapshot( $id );
		$GLOBALS['wp_post_statuses'] = $registered;
		self::assertSame( [ 'new', 'open', 'hold', 'closed', 'other' ], array_keys( $statuses ) );
		self::assertSame( [ 'new', 'on-hold', 'closed' ], [ $snapshot['status'], $statuses['hold']['default'], $statuses['closed']['default'] ] );
	}

	public function testManyAreReadInFewQueries(): void {
		global $wpdb;
		$customer = self::customerOf( $this->open() )->id;
		$values   = implode( ',', array_fill( 0, 500, "(1, 'kbs_ticket', 'open', 'Many', '', '', '', '', '', '')" ) );
		$wpdb->query( "INSERT INTO $wpdb->posts (post_author, post_type, post_status, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered, post_name) VALUES $values" );
		$wpdb->query( "INSERT INTO $wpdb->postmeta (post_id, meta_key, meta_value) SELECT ID, '_kbs_ticket_customer_id', $customer FROM $wpdb->posts WHERE post_title = 'Many'" );
		$snapshots = $this->readInTwoQueries();
		self::assertSame( [ $this->user ], array_values( array_unique( array_column( $snapshots, 'customer_id' ) ) ) );
	}

	public function testATableThatIsNotThereIsNoDeletedTicket(): void {
		global $wpdb;
		$id      = $this->open();
		$missing = static fn( string $query ): string => str_replace( 'kbs_customers', 'kbs_nowhere', $query );
		$wpdb->suppress_errors( true );
		add_filter( 'query', $missing );
		try {
			$this->snapshot( $id );
			self::fail( 'an error is no empty list' );
		} catch ( \RuntimeException $error ) {
			self::assertStringContainsString( 'kbs_nowhere', $error->getMessage() );
		} finally {
			$wpdb->suppress_errors( false );
		}
	}

	public function testAnInsertThatWordPressRefusesIsNotMarked(): void {
		add_filter( 'wp_insert_post_empty_content', '__return_true' );
		self::assertSame( [], $this->marksOf( fn() => self::assertFalse( $this->open() ) ) );
	}

	public function testTheServiceHasWhatTheHelpDeskHas(): void {
		$id       = $this->open( [ 'agent_id' => $this->agent ] );
		$expected = [ 'customer_id' => $this->user, 'subject' => 'Where is my order?', 'channel' => 'Website', 'assigned_to' => $this->agent, 'created_at' => (int) get_post_time( 'U', true, $id ) ];
		wp_set_object_terms( $id, 'Sales', 'ticket_category' );
		wp_set_object_terms( $id, 'Shop', 'department' );
		$filed = $expected + [ 'category' => 'Sales', 'custom_fields' => [ 'department' => 'Shop' ] ];
		self::assertEquals( $filed + [ 'status' => 'open' ], $this->sent( $id ) );
		kbs_set_ticket_status( $id, 'hold' );
		wp_set_object_terms( $id, [], 'ticket_category' );
		wp_set_object_terms( $id, [], 'department' );
		self::assertEquals( $expected + [ 'status' => 'on-hold' ], $this->sent( $id ) );
		$this->assertServiceFollowsToTheEnd( $id, $expected );
	}

	/** Opened and closed for the first time in 2019. */
	private function openIn2019( string $status = 'closed' ): int {
		$id = $this->open();
		update_option( 'timezone_string', 'Europe/Berlin' );
		kbs_set_ticket_status( $id, 'closed' );
		if ( $status !== 'closed' ) {
			kbs_set_ticket_status( $id, $status );
		}
		update_post_meta( $id, '_kbs_ticket_closed_date', '2019-03-05 13:46:40' );
		update_post_meta( $id, '_kbs_ticket_last_status_change', strtotime( '2019-03-05 13:46:40 UTC' ) );
		self::writeElsewhere( $id, [ 'post_date_gmt' => '2019-03-04 11:46:40', 'post_modified_gmt' => '2019-08-01 00:00:00' ] );
		return $id;
	}

	public function testATicketThatWasClosedIn2019IsClosedIn2019(): void {
		$this->assertImported( $this->openIn2019(), '2019-08-01 00:00:00', '2019-03-05 12:46:40' );
	}

	public function testDatesOfOtherTickets(): void {
		$again = $this->openIn2019();
		update_post_meta( $again, '_kbs_ticket_last_status_change', strtotime( '2019-07-05 14:00:00 UTC' ) );
		$this->assertImported( $again, '2019-08-01 00:00:00', '2019-07-05 12:00:00' );
		$this->assertImported( $this->openIn2019( 'hold' ), '2019-08-01 00:00:00', null );
		$unknown = $this->openIn2019();
		delete_post_meta( $unknown, '_kbs_ticket_closed_date' );
		delete_post_meta( $unknown, '_kbs_ticket_last_status_change' );
		$this->assertImported( $unknown, '2019-08-01 00:00:00', '2019-08-01 00:00:00' );
		$trashed = $this->openIn2019( 'hold' );
		wp_trash_post( $trashed );
		self::writeElsewhere( $trashed, [ 'post_modified_gmt' => '2019-04-01 00:00:00' ] );
		update_post_meta( $trashed, '_wp_trash_meta_time', 1565000000 );
		$this->assertImported( $trashed, gmdate( 'Y-m-d H:i:s', 1565000000 ), gmdate( 'Y-m-d H:i:s', 1565000000 ) );
		$both = $this->openIn2019();
		wp_trash_post( $both );
		self::writeElsewhere( $both, [ 'post_modified_gmt' => '2019-08-01 00:00:00' ] );
		$this->assertImported( $both, '2019-08-01 00:00:00', '2019-03-05 12:46:40' );
	}

	public function testWhatIsNoTicketAnyMoreWasNotDeleted(): void {
		$id = $this->open();
		$this->sent( $id );
		self::writeElsewhere( $id, [ 'post_type' => 'page' ] );
		self::assertSame( [ 'closed', true ], [ $this->sent( $id )['status'], $this->sent( $id )['custom_fields']['deleted'] ] );
		self::assertSame( [ 4711 ], $this->bridge->deleted( [ $id, 4711 ] ) );
	}

	public function testItRuns(): void {
		self::assertTrue( $this->bridge->isActive() );
		self::assertSame( [ 'kb-support', 'KB Support' ], [ $this->bridge->slug(), $this->bridge->name() ] );
	}
}
