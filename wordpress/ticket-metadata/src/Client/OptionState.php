<?php
namespace TicketMetadata\Client;

/**
 * Shared state in the options table. Reads and writes bypass WordPress's cache of options, which does not notice changes of
 * other PHP requests; only loaded() answers from it. Rows that pages look at each time are autoloaded, the others are not.
 */
final class OptionState implements SharedState {

	public const PREFIX = 'ticket_metadata_state_';

	private \wpdb $database;

	public function __construct( \wpdb $database ) {
		$this->database = $database;
	}

	public function get( string $name ) {
		return self::value( $this->row( $name ) );
	}

	public function loaded( string $name ) {
		return self::value( wp_load_alloptions()[ self::PREFIX . $name ] ?? null );
	}

	public function set( string $name, $value, int $seconds ): void {
		$table        = $this->database->options;
		$text         = self::text( $value, $seconds );
		$isAutoloaded = in_array( $name, self::AUTOLOADED, true );
		$this->database->query(
			$this->database->prepare(
				// An older version of the plugin did not autoload it.
				"INSERT INTO $table (option_name, option_value, autoload) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE option_value = VALUES(option_value), autoload = VALUES(autoload)",
				self::PREFIX . $name,
				$text,
				$isAutoloaded ? 'yes' : 'no'
			)
		);
		if ( $isAutoloaded ) {
			// For the rest of this PHP request.
			wp_cache_set( 'alloptions', [ self::PREFIX . $name => $text ] + wp_load_alloptions(), 'options' );
		}
	}

	public function add( string $name, $value, int $seconds ): bool {
		$table = $this->database->options;
		$text  = self::text( $value, $seconds );
		$old   = $this->row( $name );
		if ( self::value( $old ) !== null ) {
			return false;
		}
		// Of several concurrent requests, the database changes the row for one.
		$query = $old === null
			? $this->database->prepare( "INSERT IGNORE INTO $table (option_name, option_value, autoload) VALUES (%s, %s, 'no')", self::PREFIX . $name, $text )
			: $this->database->prepare( "UPDATE $table SET option_value = %s WHERE option_name = %s AND option_value = %s", $text, self::PREFIX . $name, $old );
		return $this->database->query( $query ) === 1;
	}

	private function row( string $name ): ?string {
		$table = $this->database->options;
		return $this->database->get_var( $this->database->prepare( "SELECT option_value FROM $table WHERE option_name = %s", self::PREFIX . $name ) );
	}

	/** @param mixed $value */
	private static function text( $value, int $seconds ): string {
		return wp_json_encode(
			[
				'value' => $value,
				'until' => microtime( true ) + $seconds,
				// Makes each text unique, so that a row changed by one request is not changed by another.
				'by'    => bin2hex( random_bytes( 8 ) ),
			]
		);
	}

	/** @return mixed */
	private static function value( ?string $text ) {
		$entry = json_decode( (string) $text, true );
		return is_array( $entry ) && ( $entry['until'] ?? 0 ) > microtime( true ) ? ( $entry['value'] ?? null ) : null;
	}
}
