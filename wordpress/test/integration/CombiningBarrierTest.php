<?php
namespace TicketMetadata\Test;

use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\Scope;

/** When it is written: before whatever could see it, and at the end. */
final class CombiningBarrierTest extends CombiningTestCase {

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
}
