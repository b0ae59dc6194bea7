<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Schedule;
use TicketMetadata\Combining\Statistics;
use TicketMetadata\Combining\TableColumns;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** What wpdb asks about tables is kept, and is as the database has it. */
final class TableColumnsTest extends SiteTestCase {

	private const TABLE = 'ticket_metadata_columns_test';

	private string $table;

	protected function setUp(): void {
		global $wpdb;
		parent::setUp();
		$this->table = $wpdb->prefix . self::TABLE;
		$wpdb->query( "DROP TABLE IF EXISTS $this->table" );
		$wpdb->query( "CREATE TABLE $this->table (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, short VARCHAR(5) CHARACTER SET utf8mb4, old TEXT CHARACTER SET utf8mb3, latin TINYTEXT CHARACTER SET latin1, number INT)" );
		delete_option( TableColumns::OPTION );
		self::beginPage();
	}

	protected function tearDown(): void {
		global $wpdb;
		self::beginPage();
		$wpdb->query( "DROP TABLE IF EXISTS $this->table" );
		delete_option( TableColumns::OPTION );
		Statistics::store();
		delete_option( Statistics::OPTION );
		parent::tearDown();
	}

	/** wpdb knows nothing, and nobody listens. */
	private static function beginPage(): void {
		wp_cache_flush();
		foreach ( [ 'pre_get_table_charset', 'query', 'shutdown' ] as $hook ) {
			foreach ( $GLOBALS['wp_filter'][ $hook ]->callbacks ?? [] as $priority => $callbacks ) {
				foreach ( $callbacks as $callback ) {
					is_array( $callback['function'] ) && $callback['function'][0] instanceof TableColumns && remove_filter( $hook, $callback['function'], $priority );
				}
			}
		}
		\Closure::bind(
			function (): void {
				$this->col_meta      = [];
				$this->table_charset = [];
			},
			$GLOBALS['wpdb'],
			\wpdb::class
		)();
	}

	private static function page( bool $isChecked = true ): TableColumns {
		self::beginPage();
		$columns = new TableColumns( $isChecked );
		$columns->listen();
		return $columns;
	}

	private function write( string $text = 'a' ): bool {
		return $GLOBALS['wpdb']->insert( $this->table, [ 'short' => $text, 'old' => $text, 'latin' => $text ] ) === 1;
	}

	/** @return int how often the database was asked how a table is made */
	private static function asked( callable $act ): int {
		$asked = 0;
		$count = static function ( string $query ) use ( &$asked ): string {
			$asked += strpos( $query, 'SHOW FULL COLUMNS' ) === 0;
			return $query;
		};
		add_filter( 'query', $count );
		$act();
		remove_filter( 'query', $count );
		return $asked;
	}

	/** @param int $combined number of statements in the place of which there was one */
	private static function endPage( TableColumns $columns, int $combined = 3 ): void {
		Statistics::store();
		for ( $i = 0; $i < $combined; $i++ ) {
			Statistics::replaced();
		}
		$columns->end();
		$columns->keep();
		Statistics::store();
	}

	/** A page that has combined writes, and asked about the table. */
	private function keep(): void {
		$columns = self::page();
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
		self::endPage( $columns );
		self::page();
		self::assertSame( 0, self::asked( fn() => $this->write() ) );
	}

	/** @return array of all that wpdb makes of the columns */
	private function told(): array {
		global $wpdb;
		$told = [];
		foreach ( [ $this->table => [ 'id', 'short', 'old', 'latin', 'number', 'none' ], $wpdb->posts => [ 'ID', 'post_title', 'post_content', 'guid', 'post_date' ], $wpdb->options => [ 'option_name', 'option_value' ] ] as $table => $columns ) {
			foreach ( $columns as $column ) {
				$told[ "$table.$column" ] = [ $wpdb->get_col_charset( $table, $column ), $wpdb->get_col_length( $table, $column ) ];
			}
		}
		return $told;
	}

	public function testWhatIsRecalledIsWhatWpdbWouldFindOut(): void {
		$columns = self::page( false );
		$told    = null;
		self::assertSame( 3, self::asked( function () use ( &$told ): void { $told = $this->told(); } ) );
		$columns = self::page();
		$this->told();
		self::endPage( $columns );
		self::page();
		$recalled = null;
		self::assertSame( 0, self::asked( function () use ( &$recalled ): void { $recalled = $this->told(); } ) );
		self::assertSame( $told, $recalled );
	}

	public function testTextThatDoesNotFitIsRefusedAllTheSame(): void {
		global $wpdb;
		$texts    = [ 'a', 'abcde', 'abcdef', 'ö', '🎫', "\xff", str_repeat( 'a', 256 ) ];
		$outcomes = fn(): array => array_map( fn( string $text ): array => [ $this->write( $text ), $wpdb->insert( $this->table, [ 'short' => $text ] ), $wpdb->insert( $this->table, [ 'latin' => $text ] ) ], $texts );
		$wpdb->suppress_errors( true );
		self::page( false );
		$before = $outcomes();
		$this->keep();
		$recalled = null;
		self::assertSame( 0, self::asked( function () use ( &$recalled, $outcomes ): void { $recalled = $outcomes(); } ) );
		$wpdb->suppress_errors( false );
		self::assertSame( $before, $recalled );
		self::assertContains( [ false, false, false ], $recalled );
	}

	public function testAStatementThatChangesATableIsFollowedByAQuestion(): void {
		global $wpdb;
		$this->keep();
		$columns = self::page();
		$before  = get_option( TableColumns::OPTION )['id'];
		$wpdb->query( "ALTER TABLE $this->table MODIFY short VARCHAR(4) CHARACTER SET utf8mb3" );
		$during = get_option( TableColumns::OPTION );
		$columns->end();
		$after = get_option( TableColumns::OPTION );
		self::assertSame( [ [], [] ], [ $during['tables'], $after['tables'] ] );
		self::assertCount( 3, array_unique( [ $before, $during['id'], $after['id'] ] ) );
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
		self::page();
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
	}

	public function testAnotherTableMayChange(): void {
		global $wpdb;
		$this->keep();
		self::page();
		$wpdb->query( 'CREATE TEMPORARY TABLE something_else (id INT)' );
		$wpdb->query( 'DROP TEMPORARY TABLE something_else' );
		self::page();
		self::assertSame( 0, self::asked( fn() => $this->write() ) );
	}

	public function testWhatAnotherPageHasSeenBeforeAChangeIsNotKept(): void {
		global $wpdb;
		$this->keep();
		$columns = self::page();
		wp_load_alloptions();
		$wpdb->insert( $wpdb->links, [ 'link_url' => 'http://example.test', 'link_name' => 'x' ] );
		// Meanwhile, another page makes all of it forgotten.
		$other = get_option( TableColumns::OPTION );
		$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s", serialize( [ 'tables' => [], 'id' => 'another' ] + $other ), TableColumns::OPTION ) );
		self::endPage( $columns );
		wp_cache_flush();
		self::assertSame( [ [], 'another' ], [ get_option( TableColumns::OPTION )['tables'], get_option( TableColumns::OPTION )['id'] ] );
		$wpdb->query( "DELETE FROM $wpdb->links WHERE link_name = 'x'" );
	}

	public function testCronFindsWhatWasChangedPastWordPress(): void {
		$this->use( getenv( 'NOBODY_URL' ), [ 'combine_writes' => true ] );
		$this->keep();
		Schedule::run();
		self::page();
		self::assertSame( 0, self::asked( fn() => $this->write() ), 'it is as it was' );
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		$other->query( "ALTER TABLE $this->table MODIFY old TEXT CHARACTER SET latin1" );
		self::beginPage();
		Schedule::run();
		self::page();
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
		self::assertSame( 'latin1', $GLOBALS['wpdb']->get_col_charset( $this->table, 'old' ) );
	}

	public function testCronFindsATableThatIsGone(): void {
		$this->use( getenv( 'NOBODY_URL' ), [ 'combine_writes' => true ] );
		$this->keep();
		( new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST ) )->query( "DROP TABLE $this->table" );
		self::beginPage();
		Schedule::run();
		self::assertSame( [], get_option( TableColumns::OPTION )['tables'] );
	}

	public function testWithoutCronNothingIsRecalledOrKept(): void {
		$this->keep();
		$columns = self::page( false );
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
		$kept = get_option( TableColumns::OPTION );
		$GLOBALS['wpdb']->get_col_charset( $GLOBALS['wpdb']->links, 'link_name' );
		self::endPage( $columns );
		self::assertSame( $kept, get_option( TableColumns::OPTION ) );
		Schedule::end();
		self::assertFalse( Schedule::runs() );
		Schedule::begin();
		self::assertTrue( Schedule::runs() );
		Schedule::end();
		wp_schedule_event( time() - 700, 'ticket_metadata_minute', Schedule::EVENT );
		self::assertFalse( Schedule::runs() );
	}

	public function testAnotherVersionOfWordPressAsksAnew(): void {
		$this->keep();
		self::page();
		$version = get_option( 'db_version' );
		update_option( 'db_version', '1' );
		self::assertSame( 1, self::asked( fn() => $this->write() ) );
		update_option( 'db_version', $version );
	}

	public function testASiteThatDoesNotCombineAnyMoreKeepsNothing(): void {
		$this->keep();
		$this->use( getenv( 'NOBODY_URL' ) );
		Schedule::run();
		self::assertFalse( get_option( TableColumns::OPTION ) );
	}

	public function testOnlyAPageThatCombinesKeeps(): void {
		$columns = self::page();
		$this->write();
		self::endPage( $columns, 0 );
		self::assertFalse( get_option( TableColumns::OPTION ) );
		self::endPage( $columns );
		self::assertNotFalse( get_option( TableColumns::OPTION ) );
	}

	public function testWhatIsAskedForAfterThePageIsOverIsKeptToo(): void {
		$columns = self::page();
		self::endPage( $columns );
		self::assertFalse( get_option( TableColumns::OPTION ) );
		// PHP writes the session.
		self::assertTrue( $this->write( 'late' ) );
		self::page();
		self::assertSame( 0, self::asked( fn() => $this->write() ) );
		self::assertSame( '1', $GLOBALS['wpdb']->get_var( "SELECT COUNT(*) FROM $this->table WHERE short = 'late'" ) );
	}

	public function testItListensWhereWritesAreCombined(): void {
		foreach ( [ true, false ] as $isOn ) {
			self::beginPage();
			$this->use( getenv( 'NOBODY_URL' ), [ 'combine_writes' => $isOn ] );
			Plugin::recallColumns();
			self::assertSame( $isOn, has_filter( 'pre_get_table_charset' ) );
		}
	}
}
