<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Combining\Statistics;

/** Pages that combine writes. That the result is the same is what TwinTest shows. */
abstract class CombiningTestCase extends TestCase {

	protected const TYPES = [ 'combined', 'combined_log' ];

	protected ?CombinedPage $page = null;

	/** @var string[] write statements as the database gets them, since the page began */
	protected array $writes = [];

	protected \mysqli $other;

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

	protected function begin( float $seconds = INF ): void {
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

	protected function end(): array {
		$saved      = $this->page === null ? [] : $this->page->end();
		$this->page = null;
		return $saved;
	}

	protected static function post( string $type = 'combined', array $more = [] ): int {
		return wp_insert_post( $more + [ 'post_type' => $type, 'post_title' => 'A ticket', 'post_status' => 'publish' ] );
	}

	/** @return array<string, ?string> as another page sees it */
	protected function seenElsewhere( int $post ): array {
		$rows = $this->other->query( "SELECT meta_key, meta_value FROM {$GLOBALS['wpdb']->postmeta} WHERE post_id = $post ORDER BY meta_id" )->fetch_all();
		return array_column( $rows, 1, 0 );
	}

	protected function elsewhere( string $query ): void {
		self::assertTrue( $this->other->query( str_replace( 'POSTMETA', $GLOBALS['wpdb']->postmeta, $query ) ) );
	}

	/** @return string[] those of a table */
	protected function writesTo( string $table ): array {
		return array_values( preg_grep( "/^\s*\w+ (INTO |FROM )?`?$table\b/i", $this->writes ) );
	}

	protected static function termCount( string $term, string $taxonomy ): int {
		return (int) get_term_by( 'slug', $term, $taxonomy )->count;
	}
}
