<?php
namespace TicketMetadata\Combining;

/**
 * Types and collations of the columns of tables. Before WordPress writes to a table, wpdb asks for them once per page and table
 * (SHOW FULL COLUMNS), which takes the database longer than the write. They are kept in an autoloaded option, and put where wpdb
 * keeps what it has asked for. wpdb checks text against them as always.
 *
 * A statement of WordPress that changes a kept table makes all of them forgotten, before and after it. What changes a table past
 * WordPress is found by WP-Cron, and without WP-Cron nothing is recalled.
 */
final class TableColumns {

	public const OPTION = 'ticket_metadata_columns';

	/** The option is loaded with every page. */
	private const TABLES_MAX = 40;

	/** Statements that change how a table is made. */
	private const CHANGE = '/^\s*(?:ALTER|CREATE|DROP|RENAME)\b/i';

	/** Whether WP-Cron runs, which finds what has changed past WordPress. */
	private bool $isChecked;

	/** Whether a statement of this PHP request changes a kept table. */
	private bool $isChanging = false;

	/** Whether the page has combined writes. */
	private bool $hasCombined = false;

	/** Whether the page is over, and whether something was asked for since: PHP itself writes sessions after all of its shutdown functions. */
	private bool $isOver  = false;
	private bool $isAsked = false;

	public function __construct( bool $isChecked ) {
		$this->isChecked = $isChecked;
	}

	public function listen(): void {
		// A site can replace wpdb by a class of its own.
		if ( ! $GLOBALS['wpdb'] instanceof \wpdb ) {
			return;
		}
		// wpdb asks this before it asks the database.
		add_filter( 'pre_get_table_charset', [ $this, 'recall' ], PHP_INT_MAX, 2 );
		add_filter( 'query', [ $this, 'noteQuery' ], PHP_INT_MAX );
		// Before the last write, which resets the numbers of the page.
		add_action( 'shutdown', [ $this, 'end' ], PHP_INT_MIN, 0 );
	}

	/**
	 * @param mixed $charset null, or what another plugin answers
	 * @param mixed $table
	 * @return mixed the same
	 */
	public function recall( $charset, $table ) {
		$kept = $charset === null && is_string( $table ) && $this->isChecked ? self::kept()[ strtolower( $table ) ] ?? null : null;
		if ( $kept === null || isset( self::known()[ strtolower( $table ) ] ) ) {
			$this->isAsked = $this->isOver;
			return $charset;
		}
		$columns = [];
		foreach ( $kept['columns'] as $name => [ $type, $collation ] ) {
			$columns[ strtolower( (string) $name ) ] = (object) [ 'Field' => (string) $name, 'Type' => $type, 'Collation' => $collation ];
		}
		\Closure::bind(
			function () use ( $table, $columns, $kept ): void {
				$this->col_meta[ strtolower( $table ) ]      = $columns;
				$this->table_charset[ strtolower( $table ) ] = $kept['charset'];
			},
			$GLOBALS['wpdb'],
			\wpdb::class
		)();
		return $charset;
	}

	/**
	 * @param mixed $query
	 * @return mixed
	 */
	public function noteQuery( $query ) {
		if ( $this->isAsked && is_string( $query ) && stripos( $query, 'SHOW' ) !== 0 ) {
			$this->isAsked = false;
			$this->keep();
		}
		if ( is_string( $query ) && preg_match( self::CHANGE, $query ) === 1 && ! $this->isChanging ) {
			foreach ( array_keys( self::kept() ) as $table ) {
				if ( stripos( $query, (string) $table ) !== false ) {
					$this->isChanging = true;
					self::forget();
					break;
				}
			}
		}
		return $query;
	}

	public function end(): void {
		if ( $this->isChanging ) {
			// Another page may have kept what it asked for before the statement was done.
			self::forget();
		}
		$this->hasCombined = array_sum( Statistics::ofRequest() ) > 0;
		register_shutdown_function( [ $this, 'keep' ] );
	}

	/** Keeps what wpdb has asked for in a page that combined writes, and is not kept yet. */
	public function keep(): void {
		global $wpdb;
		$this->isOver = true;
		$before = self::loaded();
		$kept   = self::valid( $before );
		$more   = [];
		foreach ( array_diff_key( self::known(), $kept ) as $table => [ $charset, $columns ] ) {
			if ( strpos( (string) $table, strtolower( $wpdb->base_prefix ) ) === 0 ) {
				$more[ $table ] = [ 'charset' => $charset, 'columns' => $columns ];
			}
		}
		if ( $more === [] || ! $this->hasCombined || ! $this->isChecked || $this->isChanging || count( $kept ) >= self::TABLES_MAX ) {
			return;
		}
		$value = self::value( array_slice( $kept + $more, 0, self::TABLES_MAX, true ) );
		if ( $before === null ) {
			add_option( self::OPTION, $value );
			return;
		}
		// Only if nobody has made it forgotten since this page began.
		Statements::run(
			static function () use ( $wpdb, $before, $value ): void {
				$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s AND option_value = %s", maybe_serialize( $value ), self::OPTION, $before ) );
			}
		);
		wp_cache_delete( 'alloptions', 'options' );
	}

	/** By WP-Cron. */
	public static function check(): void {
		global $wpdb;
		$kept = self::kept();
		if ( $kept === [] ) {
			return;
		}
		$list = "'" . implode( "', '", array_map( 'esc_sql', array_keys( $kept ) ) ) . "'";
		$now  = [];
		foreach ( Statements::read( "SELECT TABLE_NAME AS name, COLUMN_NAME AS field, COLUMN_TYPE AS type, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ($list) ORDER BY TABLE_NAME, ORDINAL_POSITION" ) as $row ) {
			$now[ strtolower( $row->name ) ][ $row->field ] = [ $row->type, $row->collation ];
		}
		foreach ( $kept as $table => $one ) {
			if ( ( $now[ $table ] ?? [] ) !== $one['columns'] ) {
				self::forget();
				return;
			}
		}
	}

	/** For a site that does not combine writes any more. */
	public static function remove(): void {
		if ( self::loaded() !== null ) {
			delete_option( self::OPTION );
		}
	}

	private static function forget(): void {
		Statements::run( static fn() => update_option( self::OPTION, self::value( [] ) ) );
	}

	/** @return array<string, array{charset: string|false, columns: array<string, array{string, ?string}>}> by table in lower case; columns: type and collation by name */
	private static function kept(): array {
		return self::valid( self::loaded() );
	}

	/** As WordPress has loaded it, so that this is no query. */
	private static function loaded(): ?string {
		return wp_load_alloptions()[ self::OPTION ] ?? null;
	}

	private static function valid( ?string $loaded ): array {
		$value = $loaded === null ? null : maybe_unserialize( $loaded );
		return is_array( $value ) && ( $value['of'] ?? '' ) === self::surroundings() && is_array( $value['tables'] ?? null ) ? $value['tables'] : [];
	}

	private static function value( array $tables ): array {
		return [ 'of' => self::surroundings(), 'tables' => $tables, 'id' => bin2hex( random_bytes( 8 ) ) ];
	}

	/** What they depend on besides the tables. */
	private static function surroundings(): string {
		global $wpdb;
		return md5( implode( "\n", [ DB_NAME, $wpdb->base_prefix, $wpdb->charset, $wpdb->collate, $wpdb->db_server_info(), (string) $wpdb->has_cap( 'utf8mb4' ), (string) get_option( 'db_version' ) ] ) );
	}

	/** @return array<string, array{string|false, array<string, array{string, ?string}>}> by table, what wpdb knows: charset, and type and collation by column */
	private static function known(): array {
		[ $columns, $charsets ] = \Closure::bind( fn(): array => [ $this->col_meta, $this->table_charset ], $GLOBALS['wpdb'], \wpdb::class )();
		$known                  = [];
		foreach ( array_intersect_key( $columns, $charsets ) as $table => $some ) {
			$rows            = array_map( static fn( object $one ): array => [ $one->Type, $one->Collation ], array_values( $some ) );
			$known[ $table ] = [ $charsets[ $table ], array_combine( array_map( static fn( object $one ): string => $one->Field, array_values( $some ) ), $rows ) ];
		}
		return $known;
	}
}
