<?php
namespace TicketMetadata\Test;

/** What is written in one statement: meta, counters and new posts. */
final class CombinedMetaTest extends CombiningTestCase {

	public function testTheMetaOfANewTicketIsOneStatement(): void {
		global $wpdb;
		$this->begin();
		$id = self::post();
		foreach ( [ 'status' => 'open', 'agent' => 7, 'list' => [ 1, 2 ], 'none' => null, 'agents' => 1 ] as $key => $value ) {
			add_post_meta( $id, $key, $value );
		}
		update_post_meta( $id, 'status', 'closed' );
		update_post_meta( $id, 'seen', '1' );
		delete_post_meta( $id, 'agents' );
		self::assertSame( [ [], 'closed', [ 1, 2 ] ], [ $this->seenElsewhere( $id ), get_post_meta( $id, 'status', true ), get_post_meta( $id, 'list', true ) ] );
		$this->end();
		self::assertCount( 1, $this->writesTo( $wpdb->postmeta ) );
		self::assertSame( [ 'status' => 'closed', 'agent' => '7', 'list' => serialize( [ 1, 2 ] ), 'none' => null, 'seen' => '1' ], $this->seenElsewhere( $id ) );
	}

	public function testWhatExistedAndWhatIsNewAreOneStatement(): void {
		global $wpdb;
		$ids = [ self::post(), self::post() ];
		foreach ( $ids as $id ) {
			add_post_meta( $id, 'status', 'open' );
		}
		$rows = $wpdb->get_col( "SELECT meta_id FROM $wpdb->postmeta WHERE post_id IN ($ids[0], $ids[1])" );
		$this->begin();
		foreach ( $ids as $id ) {
			update_post_meta( $id, 'status', 'closed' );
			update_post_meta( $id, 'closed_at', 'now' );
		}
		$saved = $this->end();
		self::assertCount( 1, $this->writes );
		self::assertSame( [ 'made' => 1, 'avoided' => 3 ], $saved );
		self::assertSame( [ 'status' => 'closed', 'closed_at' => 'now' ], $this->seenElsewhere( $ids[1] ) );
		self::assertSame( $rows, $wpdb->get_col( "SELECT meta_id FROM $wpdb->postmeta WHERE post_id IN ($ids[0], $ids[1]) AND meta_key = 'status'" ), 'under the ids that they had' );
	}

	public function testOtherPostsAndOtherMetaOfUsersAreWrittenAtOnce(): void {
		$this->begin();
		$page = self::post( 'page' );
		update_post_meta( $page, 'status', 'open' );
		update_user_meta( 1, 'combined_other', 'x' );
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $page ) );
		self::assertCount( 1, $this->writesTo( $GLOBALS['wpdb']->usermeta ) );
		delete_user_meta( 1, 'combined_other' );
		wp_delete_post( $page, true );
	}

	public function testAnAgentsCounterIsWrittenOnce(): void {
		global $wpdb;
		$this->begin();
		for ( $i = 1; $i <= 3; $i++ ) {
			update_user_option( 1, 'combined_open', $i );
			self::assertSame( (string) $i, get_user_option( 'combined_open', 1 ) );
		}
		$this->end();
		self::assertCount( 1, $this->writesTo( $wpdb->usermeta ) );
		self::assertSame( '3', get_user_option( 'combined_open', 1 ) );
	}

	public function testWhoLooksForUsersDoesNotSeeACounter(): void {
		global $wpdb;
		update_user_option( 1, 'combined_open', 1 );
		$this->begin();
		update_user_option( 1, 'combined_open', 2 );
		self::assertNotSame( [], get_users( [ 'role' => 'administrator', 'fields' => 'ids' ] ) );
		self::assertSame( [], $this->writesTo( $wpdb->usermeta ) );
		self::assertSame( [ '1' ], get_users( [ 'meta_key' => $wpdb->get_blog_prefix() . 'combined_open', 'meta_value' => '2', 'fields' => 'ids' ] ) );
		update_user_option( 1, 'combined_open', 3 );
		self::assertSame( [ '1' ], get_users( [ 'role' => 'administrator', 'orderby' => 'meta_value', 'meta_key' => $wpdb->get_blog_prefix() . 'combined_open', 'fields' => 'ids' ] ) );
		self::assertCount( 2, $this->writesTo( $wpdb->usermeta ) );
	}

	public function testAUserWhoHasACounterNowIsAnotherMatter(): void {
		global $wpdb;
		$this->begin();
		update_user_option( 1, 'combined_open', 1 );
		get_users( [ 'role' => 'administrator', 'fields' => 'ids' ] );
		self::assertCount( 1, $this->writesTo( $wpdb->usermeta ), 'a row more can be a result more' );
	}

	public function testANewPostIsOneStatement(): void {
		global $wpdb;
		$plain = get_post( self::post() );
		$this->begin();
		$ids = [ self::post(), self::post( 'combined_log', [ 'post_title' => '', 'post_content' => 'Moved' ] ), self::post( 'combined', [ 'post_title' => '', 'post_content' => 'x' ] ), self::post( 'combined', [ 'guid' => 'http://example.test/own' ] ) ];
		$this->end();
		$posts = array_map( 'get_post', $ids );
		self::assertSame( 'a-ticket-2', $posts[0]->post_name );
		self::assertMatchesRegularExpression( '#^http://example\.test/\?post_type=combined&uuid=[0-9a-f-]{36}$#', html_entity_decode( $posts[0]->guid ) );
		self::assertStringEndsWith( $posts[1]->post_name, $posts[1]->guid, 'a log has no page that its slug could lead to' );
		self::assertSame( (string) $ids[2], $posts[2]->post_name, 'a ticket keeps its address' );
		self::assertSame( 'http://example.test/own', $posts[3]->guid );
		self::assertCount( 5, $this->writesTo( $wpdb->posts ), 'four posts, and the slug of the third' );
		$unlike = array_flip( [ 'ID', 'guid', 'post_name', 'post_date', 'post_date_gmt', 'post_modified', 'post_modified_gmt' ] );
		self::assertSame( array_diff_key( (array) $plain, $unlike ), array_diff_key( (array) $posts[0], $unlike ) );
	}

	public function testNobodyLooksForTheMetaOfANewPost(): void {
		$this->begin();
		$id    = self::post( 'combined_log' );
		$reads = 0;
		add_filter( 'query', static function ( $query ) use ( &$reads ) {
			$reads += (int) ( stripos( (string) $query, 'SELECT' ) === 0 );
			return $query;
		}, PHP_INT_MAX );
		add_post_meta( $id, 'a', 'x', true );
		update_post_meta( $id, 'b', 'x' );
		self::assertSame( 'x', get_post_meta( $id, 'b', true ) );
		self::assertSame( 0, $reads );
	}

	public function testTheMetaOfADeletedPostIsOneStatement(): void {
		global $wpdb;
		$id = self::post();
		foreach ( [ 'a', 'b', 'c' ] as $key ) {
			add_post_meta( $id, $key, 'x' );
		}
		$this->begin();
		$deleted = [];
		add_action( 'deleted_post_meta', static function ( $ids ) use ( &$deleted ): void {
			$deleted = array_merge( $deleted, $ids );
		} );
		wp_delete_post( $id, true );
		$this->end();
		self::assertCount( 1, $this->writesTo( $wpdb->postmeta ) );
		self::assertCount( 3, $deleted );
		self::assertSame( [], $this->seenElsewhere( $id ) );
	}

	public function testAnIdIsStillKnownWhenSomebodyHasChangedTheRow(): void {
		global $wpdb;
		$this->begin();
		$id  = self::post();
		$row = add_post_meta( $id, 'state', 'open' );
		$wpdb->query( "UPDATE $wpdb->postmeta SET meta_value = 'theirs' WHERE post_id = $id" );
		self::assertSame( [ 'state', 'theirs' ], [ get_metadata_by_mid( 'post', $row )->meta_key, get_metadata_by_mid( 'post', $row )->meta_value ] );
	}

	public function testAValueThatTheDatabaseTakesForTheSameIsDeleted(): void {
		$id = self::post();
		$this->begin();
		add_post_meta( $id, 'state', 'Open' );
		self::assertTrue( delete_post_meta( $id, 'state', 'OPEN' ), 'as the collation of the table has it' );
		self::assertSame( [], get_post_meta( $id, 'state' ) );
	}
}
