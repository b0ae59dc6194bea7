<?php
namespace TicketMetadata\Test;

/** Terms are counted once. */
final class CombinedTermCountsTest extends CombiningTestCase {

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
}
