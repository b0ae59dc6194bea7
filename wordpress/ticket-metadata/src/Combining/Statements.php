<?php
namespace TicketMetadata\Combining;

/** Statements of our own, which the barrier lets pass and which leave no trace in the state of wpdb. */
final class Statements {

	/** What wpdb tells about the last statement. Code that runs later may read it. */
	private const STATE = [ 'last_result', 'insert_id', 'num_rows', 'rows_affected', 'last_query', 'last_error' ];

	private static int $depth = 0;

	public static function areRunning(): bool {
		return self::$depth > 0;
	}

	/**
	 * @return \stdClass[]
	 * @throws Unreadable
	 */
	public static function read( string $query ): array {
		return self::run(
			static function ( \wpdb $wpdb ) use ( $query ): array {
				if ( $wpdb->query( $query ) === false ) {
					throw new Unreadable( $wpdb->last_error ?: 'the connection is lost' );
				}
				return $wpdb->last_result;
			}
		);
	}

	/** @return int|false the number of rows */
	public static function write( string $query ) {
		Statistics::made();
		return self::run( static fn( \wpdb $wpdb ) => $wpdb->query( $query ) );
	}

	/**
	 * A combined statement, after whose failure single ones follow: an error that is mended is not shown.
	 *
	 * @return int|false the number of rows
	 */
	public static function attempt( string $query ) {
		Statistics::made();
		return self::run(
			static function ( \wpdb $wpdb ) use ( $query ) {
				$isSuppressed = $wpdb->suppress_errors( true );
				try {
					return $wpdb->query( $query );
				} finally {
					$wpdb->suppress_errors( $isSuppressed );
				}
			}
		);
	}

	/**
	 * @param callable(\wpdb): mixed $work
	 * @return mixed
	 */
	public static function run( callable $work ) {
		global $wpdb;
		$state = [];
		foreach ( self::STATE as $name ) {
			$state[ $name ] = $wpdb->$name;
		}
		self::$depth++;
		try {
			return $work( $wpdb );
		} finally {
			self::$depth--;
			foreach ( $state as $name => $value ) {
				$wpdb->$name = $value;
			}
		}
	}

	/** As if a statement had been sent that found no row. To be returned from the filter `query`. */
	public static function answerNothing(): string {
		global $wpdb;
		$wpdb->flush();
		// wpdb leaves it as get_col() set it, when a filter takes the statement away, and would not check the next one.
		\Closure::bind(
			function (): void {
				$this->check_current_query = true;
			},
			$wpdb,
			\wpdb::class
		)();
		return '';
	}
}
