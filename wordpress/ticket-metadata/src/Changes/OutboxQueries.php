<?php
namespace TicketMetadata\Changes;

/** Runs queries and throws on errors. WordPress returns the same for an error, a lost connection and an empty result. */
final class OutboxQueries {

	/** MySQL's error number: this statement was rolled back, the other one continues. */
	private const DEADLOCK = 1213;

	/** Each lost deadlock is another statement's success. */
	private const ATTEMPTS_MAX = 10;

	private \wpdb $database;

	public function __construct( \wpdb $database ) {
		$this->database = $database;
	}

	/**
	 * @param string $query  with placeholders as $wpdb->prepare() knows them
	 * @param mixed  ...$values
	 * @return int number of changed rows
	 * @throws \RuntimeException
	 */
	public function run( string $query, ...$values ): int {
		$statement = $values === [] ? $query : $this->database->prepare( $query, ...$values );
		for ( $attempt = 1; ; $attempt++ ) {
			$result = $this->database->query( $statement );
			if ( $result !== false || ! $this->isDeadlock() || $attempt === self::ATTEMPTS_MAX ) {
				break;
			}
		}
		if ( $result === false ) {
			$reason = $this->database->last_error;
			if ( $reason === '' ) {
				throw new DatabaseUnavailable( OutboxTable::name() . ' cannot be used: the connection to the database is lost.' );
			}
			// If the table is missing, the next request creates it. Checking for that here would overwrite the reason.
			OutboxTable::forget();
			throw new \RuntimeException( OutboxTable::name() . " cannot be used: $reason" );
		}
		return (int) $result;
	}

	/** @return array<string, string|null>[] */
	public function rows( string $query, ...$values ): array {
		$this->run( $query, ...$values );
		return array_map( 'get_object_vars', $this->database->last_result );
	}

	/** @return string|null the first column of the first row, if there is one */
	public function value( string $query, ...$values ): ?string {
		$row = $this->rows( $query, ...$values )[0] ?? [];
		return reset( $row ) === false ? null : reset( $row );
	}

	private function isDeadlock(): bool {
		return $this->database->dbh instanceof \mysqli && mysqli_errno( $this->database->dbh ) === self::DEADLOCK;
	}
}
