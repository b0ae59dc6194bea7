<?php
namespace TicketMetadata\Bridges;

/**
 * Rows of SupportCandy's tables, as this PHP request has read and written them. SupportCandy keeps its tickets in tables of its
 * own, so that WordPress's cache has none of them. wpdb's filter `query` sees each statement before it is sent, and wpdb itself
 * says what became of the last one.
 */
final class SupportCandyMemory {

	/** The columns of a ticket that a snapshot needs. */
	private const OF_TICKET = [ 'is_active', 'customer', 'subject', 'status', 'priority', 'category', 'source', 'assigned_agent', 'date_created' ];

	private SupportCandyCopies $copies;

	/** @var array<string, array<int, array{array<string, ?string>, float}>> by table with the site's prefix, by id: values by column, and since when they are known */
	private array $rows = [];

	/** When the last statement was about to be sent, in ms of the monotonic clock. */
	private float $sentAt = 0;

	/** @var array{string, string, int, array{array<string, ?string>, float}}|null statement, table, id and row, if the UPDATE that is on its way succeeds */
	private ?array $pending = null;

	/** The SELECT that is on its way, whose result nobody has looked at yet. */
	private ?string $reading = null;

	/** Whether a statement is on its way after which copies are old. */
	private bool $isChanging = false;

	/** Whether there was one in this PHP request: a transaction that ends may make it known to others, or undo it. */
	private bool $hasChanged = false;

	public function __construct( SupportCandyCopies $copies ) {
		$this->copies = $copies;
	}

	public function listen(): void {
		// Last, when the statement is as it will be sent.
		add_filter( 'query', [ $this, 'pass' ], PHP_INT_MAX );
		add_action( 'shutdown', [ $this, 'look' ], PHP_INT_MIN, 0 );
	}

	/**
	 * @param mixed $query
	 * @return mixed
	 */
	public function pass( $query ) {
		// Without a persistent cache, the database is asked anyway, once for all of a ticket.
		if ( ! wp_using_ext_object_cache() || ! is_string( $query ) || $query === '' ) {
			return $query;
		}
		$this->look();
		$this->sentAt = hrtime( true ) / 1000000;
		if ( SupportCandyStatements::tableOfRows( $query ) !== null ) {
			// Before the row is read.
			$this->copies->begin();
			$this->reading = $query;
			return $query;
		}
		$tables = SupportCandyStatements::written( $query );
		if ( $tables === null ) {
			$this->rows    = [];
			$this->pending = null;
			if ( $this->hasChanged ) {
				$this->change();
			}
		} elseif ( $tables !== [] ) {
			$this->beforeWrite( $query, $tables );
		}
		return $query;
	}

	/** @return array{array<string, ?string>, float}|null values by column, and since when, in ms of the monotonic clock; null: this request does not know the row */
	public function row( string $table, int $id ): ?array {
		return $this->rows[ self::name( $table ) ][ $id ] ?? null;
	}

	/** What became of the last statement. */
	public function look(): void {
		global $wpdb;
		if ( $this->isChanging ) {
			// Whoever has read the former value meanwhile must not keep it.
			$this->isChanging = false;
			$this->copies->invalidate();
		}
		// What is not seen at once is not known: another plugin's filter may have sent something in between.
		$query         = $wpdb->last_error === '' ? $wpdb->last_query : null;
		$pending       = $this->pending !== null && $this->pending[0] === $query ? $this->pending : null;
		$table         = $this->reading !== null && $this->reading === $query ? SupportCandyStatements::tableOfRows( $query ) : null;
		$this->pending = null;
		$this->reading = null;
		if ( $pending !== null ) {
			[ , $name, $id, $row ]                   = $pending;
			$this->rows[ self::name( $name ) ][ $id ] = $row;
		}
		foreach ( $table === null ? [] : (array) $wpdb->last_result as $row ) {
			$values = self::needed( $table, get_object_vars( $row ) );
			if ( $values !== null && isset( $row->id ) ) {
				$this->rows[ self::name( $table ) ][ (int) $row->id ] = [ $values, $this->sentAt ];
			}
		}
	}

	/** @param string[] $tables */
	private function beforeWrite( string $query, array $tables ): void {
		global $wpdb;
		$update        = SupportCandyStatements::update( $query );
		$this->pending = null;
		if ( $update === null ) {
			foreach ( $tables as $table ) {
				unset( $this->rows[ self::name( $table ) ] );
			}
			// A row that is new has no copy yet.
			if ( array_intersect( $tables, array_keys( SupportCandyCopies::COLUMNS ) ) !== [] && preg_match( "/^INSERT INTO `?{$wpdb->prefix}psmsc_(?!.*\bDUPLICATE\b)/is", $query ) !== 1 ) {
				$this->change();
			}
			return;
		}
		[ $table, $id, $changed ] = $update;
		[ $before, $since ]       = $this->row( $table, $id ) ?? [ null, 0.0 ];
		$after                    = self::needed( $table, $changed + (array) $before );
		unset( $this->rows[ self::name( $table ) ][ $id ] );
		if ( $after !== null ) {
			// SupportCandy writes all columns, so that nothing of before matters.
			$this->pending = [ $query, $table, $id, [ $after, self::needed( $table, $changed ) === null ? $since : $this->sentAt ] ];
		}
		$isSame = $after !== null && ( $before ?? $this->copies->of( [ [ $table, $id ] ] )[ $table ][ $id ] ?? null ) === $after;
		if ( ! $isSame && isset( SupportCandyCopies::COLUMNS[ $table ] ) ) {
			$this->change();
		}
	}

	private function change(): void {
		$this->copies->invalidate();
		$this->isChanging = true;
		$this->hasChanged = true;
	}

	/**
	 * @param array<string, ?string> $values
	 * @return array<string, ?string>|null null: they lack some
	 */
	private static function needed( string $table, array $values ): ?array {
		$needed = [];
		foreach ( SupportCandyCopies::COLUMNS[ $table ] ?? self::OF_TICKET as $column ) {
			if ( ! array_key_exists( $column, $values ) ) {
				return null;
			}
			$needed[ $column ] = $values[ $column ];
		}
		return $needed;
	}

	private static function name( string $table ): string {
		return $GLOBALS['wpdb']->prefix . $table;
	}
}
