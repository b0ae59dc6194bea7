<?php
namespace TicketMetadata\Bridges;

/**
 * Copies of what SupportCandy's tickets refer to, in a persistent object cache: users of customers and agents, names of categories
 * and priorities, and which statuses there are. A copy counts as long as the generation is the one that it was read under. Who
 * changes one of these rows begins a new generation, before and after the statement.
 */
final class SupportCandyCopies {

	private const GROUP = 'ticket_metadata_supportcandy';

	private const GENERATION = 'generation';

	/** A row that was changed past WordPress is noticed after that. */
	private const KEPT_SECONDS = 3600;

	/** The columns that a snapshot needs, by table. */
	public const COLUMNS = [
		'customers'  => [ 'user' ],
		'agents'     => [ 'user', 'is_agentgroup' ],
		'categories' => [ 'name' ],
		'priorities' => [ 'name' ],
		'statuses'   => [],
	];

	/** @var array<int, string> by site: the generation under which this PHP request began to read */
	private array $begun = [];

	/** Before SupportCandy reads. */
	public function begin(): void {
		$this->begun[ get_current_blog_id() ] ??= self::generation( false );
	}

	public function invalidate(): void {
		wp_cache_set( self::GENERATION, [ bin2hex( random_bytes( 8 ) ) ], self::GROUP );
	}

	/**
	 * @param array{string, int}[] $rows table and id
	 * @return array<string, array<int, array<string, ?string>>> values by table, by id: those of which there is a copy that counts
	 */
	public function of( array $rows ): array {
		$generation = self::generation( true );
		$copies     = [];
		foreach ( $rows as [ $table, $id ] ) {
			$copy = wp_cache_get( "$table-$id", self::GROUP );
			if ( is_array( $copy ) && $copy[0] === $generation ) {
				$copies[ $table ][ $id ] = $copy[1];
			}
		}
		return $copies;
	}

	/**
	 * Keeps what this PHP request has read by itself.
	 *
	 * @param array<string, ?string> $values
	 */
	public function keep( string $table, int $id, array $values ): void {
		$begun = $this->begun[ get_current_blog_id() ] ?? '';
		if ( $begun !== '' && $begun === self::generation( true ) ) {
			wp_cache_set( "$table-$id", [ $begun, $values ], self::GROUP, self::KEPT_SECONDS );
		}
	}

	/**
	 * Reads rows from the database, all in one statement.
	 *
	 * @param array{string, int}[] $rows table and id
	 * @return array<string, array<int, array<string, ?string>>> values by table, by id; a row that does not exist has no entry
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function read( array $rows ): array {
		global $wpdb;
		if ( $rows === [] ) {
			return [];
		}
		$generation = self::generation( true );
		$columns    = [];
		foreach ( $rows as $number => [ $table, $id ] ) {
			foreach ( array_merge( [ 'id' ], self::COLUMNS[ $table ] ) as $column ) {
				$columns[] = "(SELECT $column FROM {$wpdb->prefix}psmsc_$table WHERE id = $id) AS {$column}_$number";
			}
		}
		$found = get_object_vars( Rows::of( 'SELECT ' . implode( ', ', $columns ) )[0] );
		$read  = [];
		foreach ( $rows as $number => [ $table, $id ] ) {
			if ( $found[ "id_$number" ] !== null ) {
				$values = array_map( static fn( string $column ): ?string => $found[ "{$column}_$number" ], self::COLUMNS[ $table ] );
				$read[ $table ][ $id ] = array_combine( self::COLUMNS[ $table ], $values );
				wp_cache_set( "$table-$id", [ $generation, $read[ $table ][ $id ] ], self::GROUP, self::KEPT_SECONDS );
			}
		}
		return $read;
	}

	/** @param bool $isNow as it is now; else as this PHP request has it */
	private static function generation( bool $isNow ): string {
		$generation = wp_cache_get( self::GENERATION, self::GROUP, $isNow );
		if ( ! is_array( $generation ) ) {
			// Nobody has said it yet, or the cache has lost it, and with it what may have changed since.
			wp_cache_add( self::GENERATION, [ bin2hex( random_bytes( 8 ) ) ], self::GROUP );
			$generation = wp_cache_get( self::GENERATION, self::GROUP, true );
		}
		return is_array( $generation ) ? (string) $generation[0] : '';
	}
}
