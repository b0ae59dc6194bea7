<?php
namespace TicketMetadata\Changes;

/** Asks the database, which WordPress does too, but answers an error, or a connection that is lost, as it answers that there is nothing. */
final class SpoolQueries {

	private \wpdb $database;

	public function __construct( \wpdb $database ) {
		$this->database = $database;
	}

	/**
	 * @param string $query  with placeholders as $wpdb->prepare() knows them
	 * @param mixed  ...$values
	 * @return int how many rows were changed
	 * @throws \RuntimeException
	 */
	public function run( string $query, ...$values ): int {
		$result = $this->database->query( $values === [] ? $query : $this->database->prepare( $query, ...$values ) );
		if ( $result === false ) {
			$reason = $this->database->last_error;
			if ( $reason === '' ) {
				throw new DatabaseGone( SpoolTable::name() . ' cannot be used: the connection to the database is lost.' );
			}
			// Should the table be gone, it is made again; asking for that would forget the reason.
			SpoolTable::forget();
			throw new \RuntimeException( SpoolTable::name() . " cannot be used: $reason" );
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
}
