<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Checks\CombiningCheck;
use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\Scope;
use TicketMetadata\Combining\Statistics;

/** What is written when, and in how many statements. That the result is the same is what TwinTest shows. */
final class WriteCombiningTest extends TestCase {

	private const TYPES = [ 'combined', 'combined_log' ];

	private ?CombinedPage $page = null;

	/** @var string[] write statements as the database gets them, since the page began */
	private array $writes = [];

	private \mysqli $other;

	protected function setUp(): void {
		register_post_type( 'combined', [ 'public' => true ] );
		register_post_type( 'combined_log' );
		register_taxonomy( 'combined_kind', [ 'combined', 'combined_log' ] );
		register_taxonomy( 'combined_source', [ 'combined' ], [ 'update_count_callback' => '_update_generic_term_count' ] );
		[ $host, $port ] = explode( ':', DB_HOST );
		$this->other     = new \mysqli( $host, DB_USER, DB_PASSWORD, DB_NAME, (int) $port );
	}

	protected function tearDown(): void {
		global $wpdb;
		$this->end();
		foreach ( get_posts( [ 'post_type' => self::TYPES, 'post_status' => 'any', 'numberposts' => -1 ] ) as $post ) {
			wp_delete_post( $post->ID, true );
		}
		$wpdb->query( "DELETE FROM $wpdb->usermeta WHERE meta_key LIKE '%combined_open'" );
		foreach ( [ 'combined_kind', 'combined_source' ] as $taxonomy ) {
			foreach ( get_terms( [ 'taxonomy' => $taxonomy, 'hide_empty' => false ] ) as $term ) {
				wp_delete_term( $term->term_id, $taxonomy );
			}
			unregister_taxonomy( $taxonomy );
		}
		array_map( 'unregister_post_type', self::TYPES );
		delete_option( Statistics::OPTION );
		wp_cache_flush();
	}

	private function begin( float $seconds = INF ): void {
		wp_cache_flush();
		$this->writes = [];
		$this->page   = new CombinedPage( self::TYPES, [ 'combined_open' ], $seconds );
		// After combining, so that it sees what that sends.
		add_filter(
			'query',
			function ( $query ) {
				if ( preg_match( '/^\s*(INSERT|UPDATE|DELETE|REPLACE)/i', (string) $query ) ) {
					$this->writes[] = $query;
				}
				return $query;
			},
			PHP_INT_MAX
		);
	}

	private function end(): array {
		$saved      = $this->page === null ? [] : $this->page->end();
		$this->page = null;
		return $saved;
	}

	private static function post( string $type = 'combined', array $more = [] ): int {
		return wp_insert_post( $more + [ 'post_type' => $type, 'post_title' => 'A ticket', 'post_status' => 'publish' ] );
	}

	/** @return array<string, ?string> as another page sees it */
	private function seenElsewhere( int $post ): array {
		$rows = $this->other->query( "SELECT meta_key, meta_value FROM {$GLOBALS['wpdb']->postmeta} WHERE post_id = $post ORDER BY meta_id" )->fetch_all();
		return array_column( $rows, 1, 0 );
	}

	private function elsewhere( string $query ): void {
		self::assertTrue( $this->other->query( str_replace( 'POSTMETA', $GLOBALS['wpdb']->postmeta, $query ) ) );
	}

	/** @return string[] those of a table */
	private function writesTo( string $table ): array {
		return array_values( preg_grep( "/^\s*\w+ (INTO |FROM )?`?$table\b/i", $this->writes ) );
	}

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

	/** @return array<string, array{string}> statements that must find it written */
	public function statementsThatSee(): array {
		return [
			'SELECT'             => [ 'SELECT COUNT(*) FROM POSTMETA' ],
			'a join'             => [ 'SELECT p.ID FROM POSTS p LEFT JOIN POSTMETA m ON m.post_id = p.ID LIMIT 1' ],
			'in brackets'        => [ '(SELECT 1 FROM POSTMETA LIMIT 1) UNION (SELECT 2)' ],
			'INSERT ... SELECT'  => [ 'INSERT INTO POSTMETA (post_id, meta_key, meta_value) SELECT post_id, meta_key, meta_value FROM POSTMETA WHERE 0' ],
			'UPDATE'             => [ "UPDATE POSTMETA SET meta_value = 'x' WHERE 0" ],
			'DELETE'             => [ 'DELETE FROM POSTMETA WHERE 0' ],
			'a transaction'      => [ 'START TRANSACTION' ],
			'its end'            => [ 'COMMIT' ],
			'a lock'             => [ 'LOCK TABLES POSTMETA READ' ],
			'WITH'               => [ 'WITH m AS (SELECT * FROM POSTMETA) SELECT COUNT(*) FROM m' ],
			'a comment before'   => [ '/* report */ SELECT COUNT(*) FROM POSTMETA' ],
			'small letters'      => [ "select count(*)\nfrom POSTMETA" ],
			'posts are deleted'  => [ 'DELETE FROM POSTS WHERE 0' ],
		];
	}

	/** @dataProvider statementsThatSee */
	public function testBeforeAStatementThatCouldSeeIt( string $query ): void {
		global $wpdb;
		$id = self::post();
		$this->begin();
		update_post_meta( $id, 'status', 'open' );
		$wpdb->query( strtr( $query, [ 'POSTMETA' => $wpdb->postmeta, 'POSTS' => $wpdb->posts ] ) );
		self::assertSame( '', $wpdb->last_error );
		$seen = $this->seenElsewhere( $id );
		$wpdb->query( 'UNLOCK TABLES' );
		$wpdb->query( 'COMMIT' );
		self::assertSame( [ 'status' => 'open' ], $seen );
	}

	public function testStatementsThatCannotSeeItDoNotMatter(): void {
		global $wpdb;
		$id    = self::post();
		$other = self::post( 'page' );
		$this->begin();
		update_post_meta( $id, 'status', 'open' );
		$wpdb->query( "SELECT COUNT(*) FROM $wpdb->posts" );
		$wpdb->query( "SHOW FULL COLUMNS FROM $wpdb->postmeta" );
		update_option( 'combined_option', microtime() );
		get_post_meta( $other, 'any' );
		update_meta_cache( 'post', [ $other, $id ] );
		self::assertSame( [], $this->seenElsewhere( $id ) );
		delete_option( 'combined_option' );
		wp_delete_post( $other, true );
	}

	public function testOncePerPageUnlessSomethingNewCame(): void {
		global $wpdb;
		$id = self::post();
		$this->begin();
		update_post_meta( $id, 'status', 'open' );
		$wpdb->query( "SELECT COUNT(*) FROM $wpdb->postmeta" );
		$wpdb->query( "SELECT COUNT(*) FROM $wpdb->postmeta" );
		$this->end();
		self::assertCount( 1, $this->writes );
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

	private static function termCount( string $term, string $taxonomy ): int {
		return (int) get_term_by( 'slug', $term, $taxonomy )->count;
	}

	public function testTermsAreCountedOnce(): void {
		global $wpdb;
		$note = wp_insert_term( 'note', 'combined_kind' )['term_taxonomy_id'];
		$mail = wp_insert_term( 'mail', 'combined_source' )['term_taxonomy_id'];
		$this->begin();
		$actions = 0;
		add_action( 'edited_term_taxonomy', static function () use ( &$actions ): void {
			$actions++;
		} );
		$id = self::post( 'combined', [ 'post_status' => 'draft' ] );
		wp_set_object_terms( $id, 'note', 'combined_kind' );
		wp_set_object_terms( $id, 'mail', 'combined_source' );
		foreach ( [ 1, 2, 3 ] as $again ) {
			wp_update_term_count( [ $note ], 'combined_kind' );
			wp_update_term_count( [ $mail ], 'combined_source' );
		}
		$this->end();
		self::assertCount( 1, $this->writesTo( $wpdb->term_taxonomy ) );
		self::assertSame( [ 0, 1 ], [ self::termCount( 'note', 'combined_kind' ), self::termCount( 'mail', 'combined_source' ) ], 'WordPress counts what is published in one way, and all in the other' );
		self::assertSame( 2 + 2 * 3, $actions );
	}

	public function testACountThatStaysIsNotWritten(): void {
		global $wpdb;
		wp_insert_term( 'note', 'combined_kind' );
		$this->begin();
		wp_set_object_terms( self::post( 'combined', [ 'post_status' => 'draft' ] ), 'note', 'combined_kind' );
		$this->end();
		self::assertSame( [], $this->writesTo( $wpdb->term_taxonomy ) );
	}

	public function testWhoAsksForTheCountGetsIt(): void {
		global $wpdb;
		wp_insert_term( 'note', 'combined_kind' );
		wp_insert_term( 'other', 'combined_kind' );
		$this->begin();
		wp_set_object_terms( self::post(), 'note', 'combined_kind' );
		self::assertSame( 0, self::termCount( 'other', 'combined_kind' ) );
		self::assertSame( 1, self::termCount( 'note', 'combined_kind' ) );
		self::assertSame( [], $this->writesTo( $wpdb->term_taxonomy ), 'the database counts for it' );
		wp_set_object_terms( self::post(), 'note', 'combined_kind' );
		self::assertSame( '2', $wpdb->get_var( "SELECT SUM(count) FROM $wpdb->term_taxonomy WHERE taxonomy = 'combined_kind'" ) );
	}

	public function testWithACacheThatOutlivesThePageTheCountIsWrittenFirst(): void {
		global $wpdb;
		wp_insert_term( 'note', 'combined_kind' );
		wp_insert_term( 'other', 'combined_kind' );
		$this->begin();
		wp_set_object_terms( self::post(), 'note', 'combined_kind' );
		wp_using_ext_object_cache( true );
		self::assertSame( 0, self::termCount( 'other', 'combined_kind' ) );
		self::assertSame( [], $this->writesTo( $wpdb->term_taxonomy ) );
		self::assertSame( 1, self::termCount( 'note', 'combined_kind' ) );
		wp_using_ext_object_cache( false );
		self::assertCount( 1, $this->writesTo( $wpdb->term_taxonomy ) );
	}

	/** @return array<string, array{string}> a combined statement, by how it begins */
	public function combinedStatements(): array {
		return [ 'meta' => [ 'INSERT INTO' ], 'deletions' => [ 'DELETE FROM' ], 'term counts' => [ 'UPDATE' ], 'reading for term counts' => [ 'SELECT t.term_taxonomy_id' ] ];
	}

	/** @dataProvider combinedStatements */
	public function testIfTheCombinedStatementFailsTheSingleOnesAreMade( string $begin ): void {
		$older = self::post();
		foreach ( [ 'status', 'one', 'other' ] as $key ) {
			add_post_meta( $older, $key, 'open' );
		}
		wp_insert_term( 'note', 'combined_kind' );
		$this->begin();
		delete_post_meta( $older, 'one' );
		delete_post_meta( $older, 'other' );
		$id = self::post();
		add_post_meta( $id, 'status', 'open' );
		update_post_meta( $older, 'status', 'closed' );
		update_post_meta( $older, 'again', 'x' );
		wp_set_object_terms( $id, 'note', 'combined_kind' );
		$failed = 0;
		add_filter( 'query', static function ( $query ) use ( $begin, &$failed ) {
			$isCombined = strpos( (string) $query, $begin ) === 0 && ( strpos( $query, '(NULL, ' ) || strpos( $query, ' CASE ' ) || $begin !== 'INSERT INTO' && strpos( $query, 'before_now' ) || preg_match( '/ IN \([0-9]+,/', $query ) );
			$failed    += (int) $isCombined;
			return $isCombined ? 'SELECT nothing FROM nowhere' : $query;
		}, PHP_INT_MAX );
		$GLOBALS['wpdb']->suppress_errors( true );
		$this->end();
		$GLOBALS['wpdb']->suppress_errors( false );
		self::assertSame( 1, $failed );
		self::assertSame( [ [ 'status' => 'open' ], [ 'status' => 'closed', 'again' => 'x' ] ], [ $this->seenElsewhere( $id ), $this->seenElsewhere( $older ) ] );
		self::assertSame( 1, self::termCount( 'note', 'combined_kind' ) );
	}

	public function testWhatCannotBeWrittenAtAllIsReported(): void {
		global $wpdb;
		$id = self::post();
		add_post_meta( $id, 'deleted', 'old' );
		add_post_meta( $id, 'changed', 'old' );
		$this->begin();
		delete_post_meta( $id, 'deleted' );
		update_post_meta( $id, 'changed', 'new' );
		add_post_meta( $id, 'added', 'new' );
		$reported = [];
		add_action( 'ticket_metadata_error', static function ( \WP_Error $error ) use ( &$reported ): void {
			$reported[] = $error->get_error_code();
		} );
		add_filter( 'query', static fn( $query ) => preg_match( '/^\s*(INSERT|UPDATE|DELETE)/', (string) $query ) ? 'SELECT nothing FROM nowhere' : $query, PHP_INT_MAX );
		$wpdb->suppress_errors( true );
		$this->end();
		$wpdb->suppress_errors( false );
		self::assertSame( array_fill( 0, 3, 'combine_failed' ), $reported );
		self::assertSame( [ 'deleted' => 'old', 'changed' => 'old' ], $this->seenElsewhere( $id ) );
	}

	public function testAFilterThatFailsKeepsNothingElseFromBeingWritten(): void {
		global $wpdb;
		wp_insert_term( 'note', 'combined_kind' );
		$id = self::post();
		$this->begin();
		update_post_meta( $id, 'status', 'open' );
		update_user_option( 1, 'combined_open', 1 );
		wp_set_object_terms( $id, 'note', 'combined_kind' );
		$reported = [];
		add_action( 'ticket_metadata_error', static function ( \WP_Error $error ) use ( &$reported ): void {
			$reported[] = $error->get_error_message();
		} );
		add_filter( 'query', static function ( $query ) use ( $wpdb ) {
			if ( strpos( (string) $query, "INSERT INTO $wpdb->postmeta" ) === 0 ) {
				throw new \DomainException( 'A mistake.' );
			}
			return $query;
		}, PHP_INT_MAX );
		$this->end();
		self::assertSame( [ 'DomainException: A mistake.' ], $reported );
		self::assertSame( '1', get_user_option( 'combined_open', 1 ) );
		self::assertSame( 1, self::termCount( 'note', 'combined_kind' ) );
	}

	public function testAfterSingleStatementsAnIdIsThatOfItsOwnRow(): void {
		global $wpdb;
		$this->begin();
		$id    = self::post();
		$rows  = [ add_post_meta( $id, 'line', 'x' ), add_post_meta( $id, 'line', 'x' ) ];
		$fails = 2;
		add_filter( 'query', static function ( $query ) use ( $wpdb, &$fails ) {
			// The combined one, and the first of the single ones.
			return preg_match( "/^INSERT INTO `?$wpdb->postmeta/", (string) $query ) && $fails-- > 0 ? 'SELECT nothing FROM nowhere' : $query;
		}, PHP_INT_MAX );
		$wpdb->suppress_errors( true );
		$wpdb->query( "SELECT COUNT(*) FROM $wpdb->postmeta" );
		$wpdb->suppress_errors( false );
		self::assertFalse( get_metadata_by_mid( 'post', $rows[0] ) );
		self::assertSame( 'x', get_metadata_by_mid( 'post', $rows[1] )->meta_value );
	}

	public function testADatabaseThatDoesNotAnswerIsNotAnEmptyTable(): void {
		$id = self::post();
		add_post_meta( $id, 'status', 'open' );
		$this->begin();
		$fails = true;
		add_filter( 'query', static function ( $query ) use ( &$fails ) {
			return $fails && strpos( (string) $query, 'SELECT meta_id AS id' ) === 0 ? 'SELECT nothing FROM nowhere' : $query;
		}, PHP_INT_MAX );
		$GLOBALS['wpdb']->suppress_errors( true );
		update_post_meta( $id, 'status', 'closed' );
		$fails = false;
		$GLOBALS['wpdb']->suppress_errors( false );
		$this->end();
		self::assertSame( [ [ 'closed' ] ], [ get_post_meta( $id, 'status' ) ] );
	}

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

	public function testAValueThatTheDatabaseTakesForTheSameIsDeleted(): void {
		$id = self::post();
		$this->begin();
		add_post_meta( $id, 'state', 'Open' );
		self::assertTrue( delete_post_meta( $id, 'state', 'OPEN' ), 'as the collation of the table has it' );
		self::assertSame( [], get_post_meta( $id, 'state' ) );
	}

	public function testAnIdIsStillKnownWhenSomebodyHasChangedTheRow(): void {
		global $wpdb;
		$this->begin();
		$id  = self::post();
		$row = add_post_meta( $id, 'state', 'open' );
		$wpdb->query( "UPDATE $wpdb->postmeta SET meta_value = 'theirs' WHERE post_id = $id" );
		self::assertSame( [ 'state', 'theirs' ], [ get_metadata_by_mid( 'post', $row )->meta_key, get_metadata_by_mid( 'post', $row )->meta_value ] );
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

	public function testACacheThatOutlivesThePageHasNoOlderCountThanTheDatabase(): void {
		wp_insert_term( 'note', 'combined_kind' );
		$id = self::post();
		$this->begin();
		wp_set_object_terms( $id, 'note', 'combined_kind' );
		// Another page asks the database meanwhile.
		$term = get_term_by( 'slug', 'note', 'combined_kind' )->term_id;
		wp_cache_set( $term, (object) [ 'term_id' => $term, 'count' => 0 ], 'terms' );
		$before = wp_cache_get( 'last_changed', 'terms' );
		$this->end();
		self::assertFalse( wp_cache_get( $term, 'terms' ) );
		self::assertNotSame( $before, wp_cache_get( 'last_changed', 'terms' ) );
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

	/** @return array<string, array{callable}> what a page waits for */
	public function waits(): array {
		return [
			'an answer to a request' => [ static fn() => wp_remote_get( 'http://127.0.0.1:1/' ) ],
			'a mail server'          => [ static fn() => do_action_ref_array( 'phpmailer_init', [ new \stdClass() ] ) ],
			'another site'           => [ static fn() => do_action( 'switch_blog', 2, 1, 'switch' ) ],
		];
	}

	/** @dataProvider waits */
	public function testBeforeThePageTurnsToOthers( callable $turn ): void {
		$id = self::post();
		$this->begin();
		update_post_meta( $id, 'status', 'open' );
		$turn();
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
	}

	public function testAPageThatTakesLongMakesItsChangesKnown(): void {
		$id = self::post();
		$this->begin( 0.0 );
		update_post_meta( $id, 'status', 'open' );
		update_option( 'combined_option', microtime() );
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
		delete_option( 'combined_option' );
	}

	public function testAnImportDoesNotFillTheMemory(): void {
		$id = self::post();
		$this->begin();
		for ( $i = 0; $i < 600; $i++ ) {
			add_post_meta( $id, 'line', "$i" );
		}
		self::assertGreaterThan( 400, count( $this->other->query( "SELECT 1 FROM {$GLOBALS['wpdb']->postmeta} WHERE post_id = $id" )->fetch_all() ) );
		add_post_meta( $id, 'long', str_repeat( 'x', 1100000 ) );
		add_post_meta( $id, 'short', 'x' );
		self::assertArrayHasKey( 'long', $this->seenElsewhere( $id ) );
		self::assertSame( array_map( 'strval', range( 0, 599 ) ), get_post_meta( $id, 'line' ) );
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

	public function testWpdbTellsOfTheLastStatementOfOthers(): void {
		global $wpdb;
		$this->begin();
		$id = self::post();
		update_post_meta( $id, 'status', 'open' );
		$wpdb->query( "SELECT ID FROM $wpdb->posts WHERE ID = $id" );
		$before = [ $wpdb->last_query, $wpdb->last_result, $wpdb->num_rows, $wpdb->insert_id, $wpdb->last_error ];
		do_action_ref_array( 'phpmailer_init', [ new \stdClass() ] );
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
		self::assertSame( $before, [ $wpdb->last_query, $wpdb->last_result, $wpdb->num_rows, $wpdb->insert_id, $wpdb->last_error ] );
	}

	public function testADatabaseClassWithoutTheFilterIsLeftAlone(): void {
		$id = self::post();
		$this->begin();
		remove_all_filters( 'query' );
		update_post_meta( $id, 'status', 'open' );
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
	}

	public function testAfterTheEndNothingIsHeld(): void {
		$id = self::post();
		$this->begin();
		$this->page->finish();
		update_post_meta( $id, 'status', 'open' );
		self::assertSame( [ 'status' => 'open' ], $this->seenElsewhere( $id ) );
	}

	public function testWithoutAHelpDeskItDoesNothing(): void {
		Combining::start( new Scope( [], [] ) );
		self::assertTrue( Combining::writesAtOnce() );
		self::assertFalse( has_filter( 'get_post_metadata' ) );
	}

	public function testTheSavingIsShown(): void {
		$check = CombiningCheck::of( new Scope( [ 'ticket' ], [] ), [ '2026-11-29' => [ 'made' => 1200, 'avoided' => 2300 ] ] );
		self::assertSame( 'good', $check->state );
		self::assertStringContainsString( '2026-11-29: 1,200 statements in the place of 3,500.', $check->detail );
		self::assertStringContainsString( 'estimates', $check->detail );
		self::assertSame( 'recommended', CombiningCheck::of( new Scope( [], [] ), [] )->state );
	}

	public function testOnePageOfSomeStoresWhatItSaves(): void {
		$stored = 0;
		for ( $i = 0; $i < 400; $i++ ) {
			Statistics::replaced();
			Statistics::replaced();
			Statistics::made();
			Statistics::store();
		}
		$day = Statistics::days()[ gmdate( 'Y-m-d' ) ];
		self::assertSame( $day['made'], $day['avoided'] );
		// It would be outside once in millions of runs.
		self::assertThat( $day['made'], self::logicalAnd( self::greaterThan( 0 ), self::lessThan( 2000 ) ) );
		wp_using_ext_object_cache( true );
		Statistics::made();
		Statistics::store();
		Statistics::made();
		Statistics::store();
		$days = Statistics::days();
		wp_using_ext_object_cache( false );
		self::assertSame( [ gmdate( 'Y-m-d' ) => [ 'made' => 2, 'avoided' => 0 ] ], $days );
	}
}
