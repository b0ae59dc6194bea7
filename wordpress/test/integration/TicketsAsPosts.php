<?php
namespace TicketMetadata\Test;

/** What a bridge owes to a help desk whose tickets are posts. The desk's own test has the constants: its post type, the meta key that makes a ticket, that of the agent, and a key and a taxonomy that are in no snapshot. */
trait TicketsAsPosts {

	/** @return array<string, array{string, array, bool}> the help desk's own hooks: hook, arguments, whether the ticket is new */
	abstract public function hooks(): array;

	/** @dataProvider hooks */
	public function testItsOwnHooksMark( string $hook, array $arguments, bool $isNew ): void {
		$this->listenAlone();
		do_action( $hook, ...$arguments );
		self::assertSame( [ [ 4711, $isNew ] ], $this->marks );
	}

	private static function term( string $taxonomy, string $name ): int {
		return wp_insert_term( $name, $taxonomy )['term_id'];
	}

	/**
	 * @param int      $reply the post that the page is about, which WordPress takes where it is asked for none
	 * @param callable $fire  hooks with what is no ticket
	 */
	private function assertMarksNothing( int $reply, callable $fire ): void {
		$this->listenAlone();
		$GLOBALS['post'] = get_post( $reply );
		$marks           = $this->marksOf( $fire );
		unset( $GLOBALS['post'] );
		self::assertSame( [], $marks );
	}

	/**
	 * A change is seen, as the help desk tells it itself.
	 *
	 * @param string                      $field  that it changes
	 * @param callable(self, int): mixed $change
	 * @return array<int, bool> marks
	 */
	private function marksOfChange( int $id, string $field, callable $change ): array {
		$before = $this->snapshot( $id );
		$marks  = $this->marksOf(
			function () use ( $change, $id ): void {
				$change( $this, $id );
			}
		);
		self::assertNotSame( $before[ $field ], $this->snapshot( $id )[ $field ] );
		self::assertSame( self::told( $id ), $this->snapshot( $id ) );
		return $marks;
	}

	/** @return array<int, array> snapshots of all 501 tickets that there are */
	private function readInTwoQueries(): array {
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
		return $snapshots;
	}

	/** @param array $expected what the service has besides the status */
	private function assertServiceFollowsToTheEnd( int $id, array $expected ): void {
		wp_trash_post( $id );
		self::assertEquals( $expected + [ 'status' => 'closed', 'custom_fields' => [ 'deleted' => true ] ], $this->sent( $id ) );
		wp_untrash_post( $id );
		self::assertEquals( $expected + [ 'status' => 'open' ], $this->sent( $id ) );
		wp_delete_post( $id, true );
		self::assertNull( $this->sent( $id ) );
		self::assertTrue( $this->deliver( $id )->isStored(), 'and once more' );
	}

	/** @return array<string, array{string, array, bool}> hook, arguments with ID for the ticket's id and POST for its post, whether it is new */
	abstract public function hooksOfWordPress(): array;

	/** @dataProvider hooksOfWordPress */
	public function testEachHookOfWordPressMarks( string $hook, array $arguments, bool $isNew ): void {
		$id = $this->open();
		$this->listenAlone();
		$fill        = static fn( $argument ) => [ 'ID' => $id, 'POST' => get_post( $id ) ][ is_string( $argument ) ? $argument : '' ] ?? $argument;
		$this->marks = [];
		do_action( $hook, ...array_map( $fill, $arguments ) );
		self::assertSame( [ [ $id, $isNew ] ], $this->marks );
	}

	public function testAnAutomaticDraftThatIsTidiedUpIsNotMarked(): void {
		$id = wp_insert_post( [ 'post_type' => self::POST_TYPE, 'post_status' => 'auto-draft', 'post_title' => 'Auto Draft' ] );
		self::assertNull( $this->snapshot( $id ) );
		self::assertSame( [ [], 0 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
		self::assertSame( [], $this->marksOf( static fn() => wp_delete_post( $id, true ) ) );
	}

	public function testWhatIsTrashedButWasNeverATicketIsNone(): void {
		$id = wp_insert_post( [ 'post_type' => self::POST_TYPE, 'post_status' => 'draft', 'post_title' => 'Not yet' ] );
		self::assertNull( $this->snapshot( $id ) );
		wp_trash_post( $id );
		self::assertNull( $this->snapshot( $id ) );
		add_post_meta( $id, self::FIRST_KEY, '' );
		self::assertNull( $this->snapshot( $id ) );
		self::assertSame( [ [], 0 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
	}

	public function testOtherPostsAreNotMarked(): void {
		$marks = $this->marksOf(
			static function () use ( &$id ): void {
				$id = wp_insert_post( [ 'post_title' => 'A page', 'post_status' => 'publish' ] );
				wp_update_post( [ 'ID' => $id, 'post_title' => 'Still a page' ] );
				add_post_meta( $id, self::FIRST_KEY, 'secret' );
				update_post_meta( $id, self::FIRST_KEY, 'closed' );
				delete_post_meta( $id, self::FIRST_KEY );
				update_post_meta( $id, self::AGENT_KEY, '7' );
				delete_post_meta( $id, self::AGENT_KEY );
				wp_set_object_terms( $id, 'Sales', 'department' );
				wp_trash_post( $id );
				wp_untrash_post( $id );
				wp_delete_post( $id, true );
			}
		);
		self::assertSame( [], $marks );
		$kept = wp_insert_post( [ 'post_title' => 'A page', 'post_status' => 'publish', 'meta_input' => [ self::FIRST_KEY => 'secret' ] ] );
		self::assertNull( $this->snapshot( $kept ) );
		self::assertSame( [ [], 0 ], [ $this->bridge->ids( 0, 10 ), $this->bridge->count() ] );
	}

	public function testWhatIsInNoSnapshotIsNotMarked(): void {
		$id    = $this->open();
		$marks = $this->marksOf(
			static function () use ( $id ): void {
				update_post_meta( $id, self::OTHER_KEY, '1' );
				wp_set_object_terms( $id, 'a tag', self::OTHER_TAXONOMY );
			}
		);
		self::assertSame( [], $marks );
	}

	/** @return array<string, array{string, string, ?string}> post_date, post_date_gmt, UTC */
	public function dates(): array {
		$none = '0000-00-00 00:00:00';
		return [
			'in winter'                              => [ '2026-01-15 10:00:00', '2026-01-15 09:00:00', '2026-01-15T09:00:00Z' ],
			'02:30 before the clock is put back'     => [ '2026-10-25 02:30:00', '2026-10-25 00:30:00', '2026-10-25T00:30:00Z' ],
			'02:30 after the clock is put back'      => [ '2026-10-25 02:30:00', '2026-10-25 01:30:00', '2026-10-25T01:30:00Z' ],
			'the first minute after it is put ahead' => [ '2026-03-29 03:00:00', '2026-03-29 01:00:00', '2026-03-29T01:00:00Z' ],
			'the site\'s zone has changed since'     => [ '2026-01-15 10:00:00', '2026-01-15 15:00:00', '2026-01-15T15:00:00Z' ],
			'only the local one, in winter'          => [ '2026-01-15 10:00:00', $none, '2026-01-15T09:00:00Z' ],
			'only the local one, in summer'          => [ '2026-07-15 10:00:00', $none, '2026-07-15T08:00:00Z' ],
			'none'                                   => [ $none, $none, null ],
		];
	}

	/** @dataProvider dates */
	public function testWhenItWasOpened( string $local, string $gmt, ?string $expected ): void {
		$id = $this->open();
		self::writeElsewhere( $id, [ 'post_date' => $local, 'post_date_gmt' => $gmt ] );
		$seconds = $this->snapshot( $id )['created_at'];
		self::assertSame( $expected, $seconds === null ? null : gmdate( 'Y-m-d\TH:i:s\Z', $seconds ) );
	}
}
