<?php
namespace TicketMetadata\Test;

/** What other pages change meanwhile, and what they find in a cache that outlives the page. */
final class CombiningOtherPagesTest extends CombiningTestCase {

	public function testAnotherPageThatAddsTheSameKeyMeanwhile(): void {
		$id = self::post();
		$this->begin();
		update_post_meta( $id, 'updated', 'ours' );
		add_post_meta( $id, 'unique', 'ours', true );
		add_post_meta( $id, 'list', 'ours' );
		$this->elsewhere( "INSERT INTO POSTMETA (post_id, meta_key, meta_value) VALUES ($id, 'updated', 'theirs'), ($id, 'unique', 'theirs'), ($id, 'list', 'theirs')" );
		$this->end();
		self::assertSame( [ [ 'ours' ], [ 'theirs' ], [ 'theirs', 'ours' ] ], [ get_post_meta( $id, 'updated' ), get_post_meta( $id, 'unique' ), get_post_meta( $id, 'list' ) ] );
	}

	public function testAnotherPageThatDeletesOrReplacesARowMeanwhile(): void {
		$id = self::post();
		add_post_meta( $id, 'deleted', 'old' );
		add_post_meta( $id, 'replaced', 'old' );
		$this->begin();
		update_post_meta( $id, 'deleted', 'ours' );
		update_post_meta( $id, 'replaced', 'ours' );
		$this->elsewhere( "DELETE FROM POSTMETA WHERE post_id = $id" );
		$this->elsewhere( "INSERT INTO POSTMETA (post_id, meta_key, meta_value) VALUES ($id, 'replaced', 'theirs'), ($id, 'other', 'theirs')" );
		$this->end();
		self::assertSame( [ [ 'ours' ], [ 'ours' ], [ 'theirs' ] ], [ get_post_meta( $id, 'deleted' ), get_post_meta( $id, 'replaced' ), get_post_meta( $id, 'other' ) ] );
	}

	public function testAnUpdateWithAPreviousValueIsTheDatabasesOwn(): void {
		$id = self::post();
		add_post_meta( $id, 'lock', 'free' );
		$this->begin();
		// Its rows have been read.
		update_post_meta( $id, 'other', 'x' );
		$this->elsewhere( "UPDATE POSTMETA SET meta_value = 'theirs' WHERE post_id = $id AND meta_key = 'lock'" );
		self::assertFalse( update_post_meta( $id, 'lock', 'ours', 'free' ) );
		self::assertSame( [ 'lock' => 'theirs', 'other' => 'x' ], $this->seenElsewhere( $id ) );
	}

	public function testAPreviousValueThatNobodyElseCanHaveSeenIsComparedHere(): void {
		global $wpdb;
		$this->begin();
		$id = self::post();
		add_post_meta( $id, 'data', [ 1 ] );
		self::assertFalse( update_post_meta( $id, 'data', [ 2 ], [ 3 ] ) );
		self::assertTrue( update_post_meta( $id, 'data', [ 2 ], [ 1 ] ) );
		$this->end();
		self::assertCount( 1, $this->writesTo( $wpdb->postmeta ) );
		self::assertSame( [ [ 2 ] ], get_post_meta( $id, 'data' ) );
	}

	public function testAListenerWhoHasTheRowWrittenLetsOthersSeeIt(): void {
		global $wpdb;
		$this->begin();
		$id = self::post();
		add_post_meta( $id, 'lock', 'free' );
		add_action( 'update_post_meta', function () use ( $wpdb, $id ): void {
			$wpdb->query( "SELECT COUNT(*) FROM $wpdb->postmeta" );
			$this->elsewhere( "UPDATE POSTMETA SET meta_value = 'theirs' WHERE post_id = $id" );
		} );
		self::assertFalse( update_post_meta( $id, 'lock', 'ours', 'free' ) );
		self::assertSame( [ 'lock' => 'theirs' ], $this->seenElsewhere( $id ) );
	}

	public function testACacheThatOutlivesThePageHasNothingThatTheDatabaseHasNot(): void {
		$id = self::post();
		add_post_meta( $id, 'status', 'open' );
		$this->begin();
		get_post_meta( $id, 'status' );
		update_post_meta( $id, 'status', 'closed' );
		update_meta_cache( 'post', [ $id ] );
		get_post_meta( $id );
		self::assertFalse( wp_cache_get( $id, 'post_meta' ) );
		// Another page asks the database meanwhile.
		wp_cache_set( $id, [ 'status' => [ 'open' ] ], 'post_meta' );
		$before = wp_cache_get( 'last_changed', 'posts' );
		$this->end();
		self::assertFalse( wp_cache_get( $id, 'post_meta' ) );
		self::assertNotSame( $before, wp_cache_get( 'last_changed', 'posts' ), 'queries that it has kept are old, too' );
		self::assertSame( 'closed', get_post_meta( $id, 'status', true ) );
	}

	public function testTheCacheThatIsCleanedIsThatOfThePostsSite(): void {
		global $wp_object_cache, $blog_id;
		$id    = self::post();
		$cache = $wp_object_cache;
		// As WordPress has it in a network: each site has keys of its own.
		$wp_object_cache = new \WP_Object_Cache();
		\Closure::bind( fn() => $this->multisite = true, $wp_object_cache, \WP_Object_Cache::class )();
		$switch = static function ( int $site ) use ( &$blog_id ): void {
			$blog_id = $site;
			wp_cache_switch_to_blog( $site );
		};
		try {
			$switch( 1 );
			$term = wp_insert_term( 'note', 'combined_kind' )['term_id'];
			$this->begin();
			wp_set_object_terms( $id, 'note', 'combined_kind' );
			update_post_meta( $id, 'status', 'open' );
			// Another page asks the database meanwhile.
			wp_cache_set( $id, [ 'status' => [ 'older' ] ], 'post_meta' );
			wp_cache_set( $term, (object) [ 'term_id' => $term, 'count' => 0 ], 'terms' );
			$switch( 2 );
			wp_cache_set( $id, [ 'of' => [ 'the other site' ] ], 'post_meta' );
			do_action( 'switch_blog', 2, 1, 'switch' );
			self::assertSame( [ 'of' => [ 'the other site' ] ], wp_cache_get( $id, 'post_meta' ) );
			$switch( 1 );
			self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
			self::assertFalse( wp_cache_get( $id, 'post_meta' ) );
			self::assertFalse( wp_cache_get( $term, 'terms' ) );
		} finally {
			$blog_id         = 1;
			$wp_object_cache = $cache;
		}
	}
}
