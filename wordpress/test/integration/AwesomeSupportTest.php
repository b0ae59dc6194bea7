<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\AwesomeSupport;

/** The bridge to Awesome Support, on a stand-in that writes and calls as the real one does. */
final class AwesomeSupportTest extends HelpDeskTestCase {

	use TicketsAsPosts;

	private const POST_TYPE      = 'ticket';
	private const FIRST_KEY      = '_wpas_status';
	private const AGENT_KEY      = '_wpas_assignee';
	private const OTHER_KEY      = '_wpas_ttl_replies';
	private const OTHER_TAXONOMY = 'post_tag';

	private int $agent;
	private int $customer;

	public static function setUpBeforeClass(): void {
		require_once self::HELP_DESKS . '/awesome-support/awesome-support.php';
		wpas_install();
	}

	protected function setUp(): void {
		$this->bridge = new AwesomeSupport();
		parent::setUp();
		$this->agent    = self::user( 'administrator' );
		$this->customer = self::user( 'wpas_user' );
		update_option( 'timezone_string', 'Europe/Berlin' );
		wp_set_current_user( $this->customer );
	}

	private function open( string $title = 'Where is my order?' ): int {
		return wpas_open_ticket( [ 'title' => $title, 'message' => 'It has not come.' ] );
	}

	/** As the help desk and WordPress tell it by their own functions. */
	private static function told( int $id ): array {
		$post  = get_post( $id );
		$terms = static function ( string $taxonomy ) use ( $id ): ?string {
			$names = wp_get_object_terms( $id, $taxonomy, [ 'fields' => 'names' ] );
			return $names[0] ?? null;
		};
		$isDeleted = $post->post_status === 'trash';
		return [
			'customer_id'   => (int) $post->post_author,
			'subject'       => $post->post_title,
			'status'        => $isDeleted ? 'closed' : wpas_get_ticket_status_state_slug( $id ),
			'category'      => $terms( 'department' ),
			'priority'      => $terms( 'ticket_priority' ),
			'channel'       => $terms( 'ticket_channel' ),
			'assigned_to'   => (int) get_post_meta( $id, '_wpas_assignee', true ) ?: null,
			'created_at'    => (int) get_post_time( 'U', true, $post ),
			'custom_fields' => [ 'deleted' => $isDeleted ? true : null ],
		];
	}

	/** @return array<string, array{string, array, bool}> hook, arguments, whether the ticket is new */
	public function hooks(): array {
		return [
			'opened'                        => [ 'wpas_open_ticket_after', [ 4711, [ 'post_type' => 'ticket' ] ], true ],
			'opened by an agent'            => [ 'wpas_post_new_ticket_admin', [ 4711 ], true ],
			'assigned'                      => [ 'wpas_ticket_assigned', [ 4711, '3' ], false ],
			'assigned, with its id as text' => [ 'wpas_ticket_assigned', [ '4711', 3 ], false ],
			'moved'                         => [ 'wpas_ticket_status_updated', [ 4711, 'hold', 4711 ], false ],
			'closed'                        => [ 'wpas_after_close_ticket', [ 4711, true, 3 ], false ],
			'closed by an older version'    => [ 'wpas_after_close_ticket', [ 4711 ], false ],
			'opened again'                  => [ 'wpas_after_reopen_ticket', [ 4711, false ], false ],
			'replied'                       => [ 'wpas_add_reply_after', [ 4712, [ 'post_parent' => 4711 ] ], false ],
		];
	}

	/** @return array<string, array{string, array, bool}> hook, arguments with ID for the ticket's id and POST for its post, whether it is new */
	public function hooksOfWordPress(): array {
		return [
			'a new post'           => [ 'save_post_ticket', [ 'ID', 'POST', false ], true ],
			'a post'               => [ 'save_post_ticket', [ 'ID', 'POST', true ], false ],
			'published at once'    => [ 'transition_post_status', [ 'queued', 'new', 'POST' ], true ],
			'no draft any more'    => [ 'transition_post_status', [ 'queued', 'auto-draft', 'POST' ], true ],
			'moved'                => [ 'transition_post_status', [ 'hold', 'queued', 'POST' ], false ],
			'a ticket from now on' => [ 'added_post_meta', [ 1, 'ID', '_wpas_status', 'open' ], true ],
			'assigned'             => [ 'added_post_meta', [ 1, 'ID', '_wpas_assignee', '7' ], false ],
			'closed'               => [ 'updated_post_meta', [ 1, 'ID', '_wpas_status', 'closed' ], false ],
			'nobody\'s'            => [ 'deleted_post_meta', [ [ 1 ], 'ID', '_wpas_assignee', '' ], false ],
			'a department'         => [ 'set_object_terms', [ 'ID', [ 3 ], [ 3 ], 'department', false, [] ], false ],
			'no priority'          => [ 'deleted_term_relationships', [ 'ID', [ 3 ], 'ticket_priority' ], false ],
			'trashed'              => [ 'trashed_post', [ 'ID' ], false ],
			'restored'             => [ 'untrashed_post', [ 'ID', 'queued' ], false ],
			'gone'                 => [ 'deleted_post', [ 'ID', 'POST' ], false ],
		];
	}

	public function testTicketsOfAUserWhoLeavesAreMarked(): void {
		require_once ABSPATH . 'wp-admin/includes/user.php';
		$id     = $this->open();
		$leaves = (int) get_post( $id )->post_author;
		$stays  = self::user( 'subscriber' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_user( $leaves, $stays ) ) );
		self::assertSame( $stays, $this->snapshot( $id )['customer_id'] );
		self::assertSame( [], $this->marksOf( static fn() => do_action( 'delete_user', 0 ) ) );
	}

	/** @dataProvider noTickets */
	public function testWhatIsNoTicketIsNotMarked( $argument ): void {
		$id    = $this->open();
		$reply = wpas_add_reply( [ 'post_content' => 'Well?' ], $id );
		$this->assertMarksNothing(
			$reply,
			static function () use ( $argument ): void {
				foreach ( [ 'wpas_open_ticket_after', 'wpas_ticket_assigned', 'wpas_add_reply_after', 'trashed_post', 'deleted_post', 'save_post_ticket' ] as $hook ) {
					do_action( $hook, $argument, $argument );
				}
				do_action( 'updated_post_meta', 1, $argument, '_wpas_status', 'open' );
				do_action( 'set_object_terms', $argument, [], [], 'department' );
				do_action( 'transition_post_status', 'queued', 'new', $argument );
			}
		);
	}

	public function testAListenerThatFailsDoesNotHideTheChange(): void {
		$throw = static function (): void {
			throw new \DomainException( 'of another plugin' );
		};
		add_action( 'wpas_after_close_ticket', $throw, 1 );
		try {
			do_action( 'wpas_after_close_ticket', 4711, true, 1 );
			self::fail( 'the listener was to fail' );
		} catch ( \DomainException $error ) {
			self::assertSame( [ [ 4711, false ] ], $this->marks );
		}
	}

	/** What an agent does on the edit screen. */
	private function edit( int $id, array $form, array $post = [] ): void {
		wp_set_current_user( $this->agent );
		awesome_support_admin();
		$_POST = $form + [ 'wpas_cf' => wp_create_nonce( 'wpas_update_cf' ) ];
		wp_update_post( [ 'ID' => $id ] + $post );
	}

	/** @return array<string, array{string, callable(self, int): mixed}> the field that it changes, and what is done */
	public function changes(): array {
		return [
			'assigned'                    => [ 'assigned_to', static fn( self $test, int $id ) => wpas_assign_ticket( $id, self::user( 'administrator' ) ) ],
			'moved'                       => [ 'status', static fn( self $test, int $id ) => wpas_update_ticket_status( $id, 'hold' ) ],
			'closed'                      => [ 'status', static fn( self $test, int $id ) => wpas_close_ticket( $id ) ],
			'moved by WordPress'          => [ 'status', static fn( self $test, int $id ) => wp_update_post( [ 'ID' => $id, 'post_status' => 'hold' ] ) ],
			'closed past its functions'   => [ 'status', static fn( self $test, int $id ) => update_post_meta( $id, '_wpas_status', 'closed' ) ],
			'assigned past its functions' => [ 'assigned_to', static fn( self $test, int $id ) => update_post_meta( $id, '_wpas_assignee', '77' ) ],
			'nobody\'s any more'          => [ 'assigned_to', static fn( self $test, int $id ) => delete_post_meta( $id, '_wpas_assignee' ) ],
			'another subject'             => [ 'subject', static fn( self $test, int $id ) => wp_update_post( [ 'ID' => $id, 'post_title' => 'Here it is' ] ) ],
			'another customer'            => [ 'customer_id', static fn( self $test, int $id ) => wp_update_post( [ 'ID' => $id, 'post_author' => $test->agent ] ) ],
			'a department'                => [ 'category', static fn( self $test, int $id ) => wp_set_object_terms( $id, 'Sales', 'department' ) ],
			'a priority'                  => [ 'priority', static fn( self $test, int $id ) => wp_set_object_terms( $id, 'Urgent', 'ticket_priority' ) ],
			'a channel'                   => [ 'channel', static fn( self $test, int $id ) => wp_set_object_terms( $id, 'Phone', 'ticket_channel' ) ],
			'REST: the state'             => [ 'status', static fn( self $test, int $id ) => awesome_support_rest_save( [ 'id' => $id, 'status' => 'hold' ] ) ],
			'REST: closed'                => [ 'status', static fn( self $test, int $id ) => awesome_support_rest_save( [ 'id' => $id, 'state' => 'closed' ] ) ],
			'REST: the subject'           => [ 'subject', static fn( self $test, int $id ) => awesome_support_rest_save( [ 'id' => $id, 'title' => 'Here it is' ] ) ],
			'REST: the department'        => [ 'category', static fn( self $test, int $id ) => awesome_support_rest_save( [ 'id' => $id, 'departments' => [ 'Sales' ] ] ) ],
			'edit screen: the state'      => [ 'status', static fn( self $test, int $id ) => $test->edit( $id, [ 'post_status_override' => 'hold' ] ) ],
			'edit screen: saved as it is' => [ 'status', static fn( self $test, int $id ) => $test->edit( $id, [] ) ],
			'edit screen: the subject'    => [ 'subject', static fn( self $test, int $id ) => $test->edit( $id, [], [ 'post_title' => 'Here it is' ] ) ],
			'edit screen: the agent'      => [ 'assigned_to', static fn( self $test, int $id ) => $test->edit( $id, [ 'wpas_assignee' => self::user( 'administrator' ) ] ) ],
			'edit screen: the department' => [ 'category', static fn( self $test, int $id ) => $test->edit( $id, [ 'wpas_department' => self::term( 'department', 'Sales' ) ] ) ],
			'edit screen: the last reply' => [ 'status', static fn( self $test, int $id ) => $test->edit( $id, [ 'wpas_reply' => 'Done.', 'wpas_do' => 'reply_close' ] ) ],
			'trashed'                     => [ 'status', static fn( self $test, int $id ) => wp_trash_post( $id ) ],
		];
	}

	/** @dataProvider changes */
	public function testAChangeIsMarkedAndSeen( string $field, callable $change ): void {
		$id = $this->open();
		self::assertSame( [ $id => false ], $this->marksOfChange( $id, $field, $change ), 'this ticket alone, and not as a new one' );
	}

	public function testATicketOfTheFormIsNew(): void {
		$marks = $this->marksOf(
			function () use ( &$id ): void {
				$id = $this->open();
			}
		);
		self::assertSame( [ $id => true ], $marks );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		self::assertSame( [ $this->customer, 'queued', 1 ], [ $this->snapshot( $id )['customer_id'], $this->snapshot( $id )['status'], $this->snapshot( $id )['assigned_to'] ] );
	}

	public function testTheChannelIsTheOneThatTheTicketCameBy(): void {
		self::assertSame( 'standard-ticket-form', $this->snapshot( $this->open() )['channel'] );
		self::assertSame( 'other', $this->snapshot( wpas_insert_ticket( [ 'post_title' => 'By an add-on' ] ) )['channel'] );
	}

	public function testATicketOfRestIsNew(): void {
		$marks = $this->marksOf(
			function () use ( &$id ): void {
				$id = awesome_support_rest_save( [ 'title' => 'By REST', 'state' => 'closed', 'assignee' => $this->agent, 'departments' => [ 'Sales' ] ] );
			}
		);
		self::assertSame( [ $id => true ], $marks );
		self::assertSame( [ 'closed', 'Sales', $this->agent ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['category'], $this->snapshot( $id )['assigned_to'] ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
	}

	public function testATicketOfAnAgentIsOneFromTheFirstSaveOn(): void {
		wp_set_current_user( $this->agent );
		$opened = $this->marksOf(
			static function () use ( &$id ): void {
				$id = wp_insert_post( [ 'post_type' => 'ticket', 'post_status' => 'auto-draft', 'post_title' => 'Auto Draft' ] );
				wp_set_object_terms( $id, 'Sales', 'department' );
			}
		);
		self::assertSame( [], $opened, 'to open the form makes no ticket' );
		self::assertNull( $this->snapshot( $id ) );
		self::assertSame( [], $this->bridge->ids( 0, 10 ) );
		$saved = $this->marksOf(
			function () use ( $id ): void {
				$this->edit( $id, [ 'wpas_assignee' => (string) $this->agent ], [ 'post_title' => 'By telephone', 'post_status' => 'publish' ] );
			}
		);
		self::assertSame( [ $id => true ], $saved );
		self::assertSame( [ 'processing', 'By telephone' ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['subject'] ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
	}

	public function testAReplyMarksItsTicket(): void {
		$id    = $this->open();
		$marks = $this->marksOf( static fn() => wpas_add_reply( [ 'post_content' => 'Well?' ], $id ) );
		self::assertSame( [ $id => false ], $marks );
		$reply = wpas_get_replies( $id )[0];
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => do_action( 'wpas_add_reply_after', $reply->ID ) ), 'found by the reply too' );
		self::assertNull( $this->snapshot( $reply->ID ), 'a reply is no ticket' );
	}

	public function testClosedAndOpenedAgain(): void {
		$id = $this->open();
		wpas_update_ticket_status( $id, 'hold' );
		wpas_close_ticket( $id );
		self::assertSame( 'closed', $this->snapshot( $id )['status'] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wpas_reopen_ticket( $id ) ) );
		self::assertSame( 'hold', $this->snapshot( $id )['status'], 'it has kept its state' );
		wpas_close_ticket( $id );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wpas_close_ticket( $id ) ), 'once more, without a change' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => update_post_meta( $id, '_wpas_status', 'open' ) ), 'by an add-on, without a function' );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
	}

	public function testTrashedRestoredDeleted(): void {
		$id = $this->open();
		wp_trash_post( $id );
		self::assertSame( [ 'closed', [ 'deleted' => true ] ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields'] ] );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_untrash_post( $id ) ) );
		// WordPress restores everything as a draft.
		self::assertSame( [ 'open', [ 'deleted' => null ] ], [ $this->snapshot( $id )['status'], $this->snapshot( $id )['custom_fields'] ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		awesome_support_admin();
		wpas_add_reply( [ 'post_content' => 'Well?' ], $id );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_post( $id, true ) ), 'and nothing of its replies' );
		self::assertNull( $this->snapshot( $id ) );
	}

	public function testATermThatIsTakenAwayIsSeen(): void {
		$id = $this->open();
		wp_set_object_terms( $id, [ 'Sales', 'Accounts' ], 'department' );
		self::assertSame( 'Accounts', $this->snapshot( $id )['category'], 'the first by name' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_remove_object_terms( $id, 'Accounts', 'department' ) ) );
		self::assertSame( 'Sales', $this->snapshot( $id )['category'] );
		$term = get_term_by( 'name', 'Sales', 'department' );
		self::assertSame( [ $id => false ], $this->marksOf( static fn() => wp_delete_term( $term->term_id, 'department' ) ) );
		self::assertNull( $this->snapshot( $id )['category'] );
	}

	public function testATermThatIsRenamedIsSeen(): void {
		$id = $this->open();
		$this->open();
		$page = wp_insert_post( [ 'post_title' => 'No ticket', 'post_status' => 'publish' ] );
		foreach ( [ 'department', 'ticket_priority', 'ticket_channel', 'post_tag' ] as $taxonomy ) {
			[ $term ] = wp_set_object_terms( $id, [ "Old $taxonomy" ], $taxonomy );
			wp_set_object_terms( $page, [ "Old $taxonomy" ], $taxonomy );
			$rename = static fn() => wp_update_term( get_term_by( 'name', "Old $taxonomy", $taxonomy )->term_id, $taxonomy, [ 'name' => "New $taxonomy" ] );
			self::assertSame( $taxonomy === 'post_tag' ? [] : [ $id => false ], $this->marksOf( $rename ), $taxonomy );
		}
		self::assertSame( [ 'New department', 'New ticket_priority', 'New ticket_channel' ], [ $this->snapshot( $id )['category'], $this->snapshot( $id )['priority'], $this->snapshot( $id )['channel'] ] );
	}

	public function testVeryManyTicketsAreFoundInParts(): void {
		global $wpdb;
		$term   = wp_insert_term( 'Old', 'department' );
		$author = self::user( 'subscriber' );
		$values = implode( ',', array_fill( 0, 5001, "($author, 'ticket', 'queued', '', '', '', '', '', '', '')" ) );
		$wpdb->query( "INSERT INTO $wpdb->posts (post_author, post_type, post_status, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered, post_name) VALUES $values" );
		$wpdb->query( "INSERT INTO $wpdb->term_relationships (object_id, term_taxonomy_id) SELECT ID, {$term['term_taxonomy_id']} FROM $wpdb->posts WHERE post_author = $author" );
		self::assertCount( 5001, $this->marksOf( static fn() => wp_update_term( $term['term_id'], 'department', [ 'name' => 'New' ] ) ) );
		self::assertCount( 5001, $this->marksOf( static fn() => do_action( 'delete_user', $author ) ) );
	}

	public function testItIsReadPastCachesAndWithoutTheHelpDesk(): void {
		global $wpdb;
		$id = $this->open();
		wp_set_object_terms( $id, 'Sales', 'department' );
		get_post( $id );
		get_post_meta( $id );
		// As another PHP request would.
		$wpdb->update( $wpdb->posts, [ 'post_title' => 'Changed elsewhere' ], [ 'ID' => $id ] );
		$wpdb->update( $wpdb->postmeta, [ 'meta_value' => 'closed' ], [ 'post_id' => $id, 'meta_key' => '_wpas_status' ] );
		unregister_taxonomy( 'department' );
		unregister_post_type( 'ticket' );
		$snapshot = $this->snapshot( $id );
		awesome_support_register();
		self::assertSame( [ 'Changed elsewhere', 'closed', 'Sales' ], [ $snapshot['subject'], $snapshot['status'], $snapshot['category'] ] );
		self::assertSame( 'Where is my order?', get_post( $id )->post_title, 'the cache has the old one' );
	}

	public function testTheSubjectIsAsStored(): void {
		$id = $this->open();
		self::writeElsewhere( $id, [ 'post_title' => 'Bread &amp; Butter' ] );
		self::assertSame( 'Bread &amp; Butter', $this->snapshot( $id )['subject'] );
		self::writeElsewhere( $id, [ 'post_title' => '', 'post_author' => 0 ] );
		self::assertSame( [ null, null ], [ $this->snapshot( $id )['subject'], $this->snapshot( $id )['customer_id'] ] );
	}

	/** @return array<string, array{mixed, ?int}> */
	public function assignees(): array {
		return [ 'empty' => [ '', null ], '0' => [ '0', null ], 'text' => [ '12', 12 ], 'no number' => [ 'nobody', null ] ];
	}

	/** @dataProvider assignees */
	public function testTheAssigneeIsAUserOrNone( string $stored, ?int $expected ): void {
		$id = $this->open();
		update_post_meta( $id, '_wpas_assignee', $stored );
		// get_post_meta() answers the first too.
		add_post_meta( $id, '_wpas_assignee', '99' );
		self::assertSame( $expected, $this->snapshot( $id )['assigned_to'] );
	}

	public function testStatusesAreThoseOfTheSite(): void {
		add_filter( 'wpas_ticket_statuses', static fn( array $labels ): array => $labels + [ 'at-lab' => 'In the laboratory' ] );
		$statuses = $this->bridge->statuses();
		self::assertSame(
			[ 'queued' => 'open', 'processing' => 'open', 'hold' => 'on-hold', 'at-lab' => 'open', 'open' => 'open', 'closed' => 'closed' ],
			array_map( static fn( array $status ): string => $status['default'], $statuses )
		);
		self::assertSame( 'In the laboratory', $statuses['at-lab']['label'] );
		$id = $this->open();
		wpas_update_ticket_status( $id, 'at-lab' );
		self::assertSame( 'at-lab', $this->snapshot( $id )['status'] );
		remove_all_filters( 'wpas_ticket_statuses' );
		self::assertSame( 'open', $this->snapshot( $id )['status'], 'as Awesome Support says of one that it no longer knows' );
		add_filter( 'wpas_ticket_statuses', static fn(): string => 'broken' );
		self::assertArrayHasKey( 'queued', $this->bridge->statuses(), 'a broken filter ends no page' );
	}

	public function testManyAreReadInFewQueries(): void {
		global $wpdb;
		$values = implode( ',', array_fill( 0, 501, "($this->customer, 'ticket', 'queued', 'Many', '', '', '', '', '', '')" ) );
		$wpdb->query( "INSERT INTO $wpdb->posts (post_author, post_type, post_status, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered, post_name) VALUES $values" );
		$wpdb->query( "INSERT INTO $wpdb->postmeta (post_id, meta_key, meta_value) SELECT ID, '_wpas_status', 'open' FROM $wpdb->posts WHERE post_type = 'ticket'" );
		$this->readInTwoQueries();
	}

	public function testNothingIsReadOfOtherTickets(): void {
		$id      = $this->open();
		$queries = [];
		add_filter(
			'query',
			static function ( string $query ) use ( &$queries ): string {
				$queries[] = $query;
				return $query;
			}
		);
		$this->snapshot( $id );
		self::assertCount( 1, $queries );
		self::assertMatchesRegularExpression( "/WHERE p.ID IN \\($id\\)/", $queries[0] );
	}

	public function testIdsInOrderAndOfAPerson(): void {
		$other = self::user( 'wpas_user', 'else@example.test' );
		$ids   = [ $this->open(), $this->open(), $this->open() ];
		wp_set_current_user( $other );
		$ids[] = $this->open();
		wpas_close_ticket( $ids[3] );
		wp_trash_post( $ids[1] );
		self::assertSame( [ $ids, 4 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [ $ids[1], $ids[2] ], $this->bridge->ids( $ids[0], 2 ) );
		$email = get_userdata( $this->customer )->user_email;
		self::assertSame( [ $ids[0], $ids[1] ], $this->bridge->idsOfPerson( $email, 0, 2 ) );
		self::assertSame( [ $ids[2] ], $this->bridge->idsOfPerson( $email, $ids[1], 2 ) );
		self::assertSame( [ $ids[3] ], $this->bridge->idsOfPerson( 'else@example.test', 0, 10 ) );
		self::assertSame( [], $this->bridge->idsOfPerson( 'nobody@example.test', 0, 10 ) );
	}

	public function testAnInsertThatWordPressRefusesIsNotMarked(): void {
		add_filter( 'wp_insert_post_empty_content', '__return_true' );
		self::assertSame( [], $this->marksOf( fn() => self::assertSame( 0, $this->open() ) ) );
	}

	public function testTheServiceHasWhatTheHelpDeskHas(): void {
		$id = $this->open();
		wp_set_object_terms( $id, 'Sales', 'department' );
		$expected = [ 'customer_id' => $this->customer, 'subject' => 'Where is my order?', 'category' => 'Sales', 'channel' => 'standard-ticket-form', 'assigned_to' => 1, 'created_at' => (int) get_post_time( 'U', true, $id ) ];
		self::assertEquals( $expected + [ 'status' => 'open' ], $this->sent( $id ) );
		wpas_update_ticket_status( $id, 'hold' );
		wp_set_object_terms( $id, [], 'department' );
		unset( $expected['category'] );
		self::assertEquals( $expected + [ 'status' => 'on-hold' ], $this->sent( $id ) );
		$this->assertServiceFollowsToTheEnd( $id, $expected );
	}

	public function testATicketThatWasClosedIn2019IsClosedIn2019(): void {
		$id = $this->open();
		wpas_close_ticket( $id, 0, true );
		self::writeElsewhere( $id, [ 'post_date_gmt' => '2019-03-04 11:46:40', 'post_modified_gmt' => '2019-03-04 12:00:00' ] );
		update_post_meta( $id, '_ticket_closed_on', '2019-03-05 13:46:40' );
		update_post_meta( $id, '_ticket_closed_on_gmt', '2019-03-05 12:46:40' );
		$this->assertImported( $id, '2019-03-05 12:46:40', '2019-03-05 12:46:40' );
	}

	public function testDatesOfOtherTickets(): void {
		[ $local, $reopened, $unknown, $trashed, $both ] = array_map( fn( int $number ): int => $this->open( "Ticket $number" ), range( 1, 5 ) );
		foreach ( [ $local, $reopened, $unknown, $both ] as $id ) {
			wpas_close_ticket( $id, 0, true );
			update_post_meta( $id, '_ticket_closed_on', '2019-07-05 14:00:00' );
			delete_post_meta( $id, '_ticket_closed_on_gmt' );
		}
		delete_post_meta( $unknown, '_ticket_closed_on' );
		update_post_meta( $reopened, '_wpas_status', 'open' );
		wp_trash_post( $trashed );
		wp_trash_post( $both );
		foreach ( [ $local, $reopened, $unknown, $trashed, $both ] as $id ) {
			self::writeElsewhere( $id, [ 'post_date_gmt' => '2019-03-04 11:46:40', 'post_modified_gmt' => '2019-08-01 00:00:00' ] );
		}
		update_post_meta( $trashed, '_wp_trash_meta_time', 1565000000 );
		$this->assertImported( $local, '2019-08-01 00:00:00', '2019-07-05 12:00:00' );
		$this->assertImported( $reopened, '2019-08-01 00:00:00', null );
		$this->assertImported( $unknown, '2019-08-01 00:00:00', '2019-08-01 00:00:00' );
		$this->assertImported( $trashed, gmdate( 'Y-m-d H:i:s', 1565000000 ), gmdate( 'Y-m-d H:i:s', 1565000000 ) );
		$this->assertImported( $both, '2019-08-01 00:00:00', '2019-07-05 12:00:00' );
	}

	public function testWhatIsNoTicketAnyMoreWasNotDeleted(): void {
		$id = $this->open();
		$this->sent( $id );
		delete_post_meta( $id, '_wpas_status' );
		self::assertSame( [ 'closed', [ 'deleted' => true ] ], [ $this->sent( $id )['status'], $this->sent( $id )['custom_fields'] ] );
		update_post_meta( $id, '_wpas_status', 'open' );
		self::assertSame( 'open', $this->sent( $id )['status'] );
		self::assertSame( [ 4711 ], $this->bridge->deleted( [ $id, 4711 ] ) );
	}

	public function testWhereItIsEdited(): void {
		$id = $this->open();
		self::assertSame( 0, self::queries( fn() => $this->bridge->editUrl( $id ) ) );
		self::assertSame( admin_url( "post.php?post=$id&action=edit" ), $this->bridge->editUrl( $id ) );
	}

	public function testItRuns(): void {
		self::assertTrue( $this->bridge->isActive() );
		self::assertSame( [ 'awesome-support', 'Awesome Support' ], [ $this->bridge->slug(), $this->bridge->name() ] );
	}
}
