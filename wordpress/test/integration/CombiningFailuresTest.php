<?php
namespace TicketMetadata\Test;

/** What the database refuses. */
final class CombiningFailuresTest extends CombiningTestCase {

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
}
