<?php
namespace TicketMetadata\Bridges;

/**
 * Statements on SupportCandy's tables, in the forms in which its models and wpdb make them. The models read whole rows, and
 * write whole rows by their id.
 */
final class SupportCandyStatements {

	/** The tables that a snapshot comes from, by the end of their names. */
	private const TABLES = 'tickets|archived_tickets|customers|agents|categories|priorities|statuses';

	private const TEXT = "'(?:[^'\\\\]++|\\\\.)*+'";

	/** What wpdb makes of these characters within a text. */
	private const ESCAPED = [ '\\0' => "\0", '\\n' => "\n", '\\r' => "\r", '\\Z' => "\x1a", "\\'" => "'", '\\"' => '"', '\\\\' => '\\' ];

	/** @return string|null the table, if the result consists of whole rows of it */
	public static function tableOfRows( string $query ): ?string {
		global $wpdb;
		$tables = "{$wpdb->prefix}psmsc_(" . self::TABLES . ')';
		return preg_match( "/^\s*SELECT \* FROM $tables WHERE id ?= ?[0-9]+\s*$/", $query, $found ) === 1 || preg_match( "/^\s*SELECT (?<alias>\w+)\.\* FROM $tables \k<alias> (?!.*\bUNION\b)/is", $query, $found ) === 1
			? end( $found )
			: null;
	}

	/** @return array{string, int, array<string, ?string>}|null table, id and values by column, if it is an UPDATE of one row by its id */
	public static function update( string $query ): ?array {
		global $wpdb;
		$value = '(?:' . self::TEXT . '|NULL|-?[0-9]+(?:\.[0-9]+)?)';
		$set   = "`\w+` = $value";
		if ( preg_match( "/^UPDATE `{$wpdb->prefix}psmsc_(" . self::TABLES . ")` SET ($set(?:, $set)*+) WHERE `id` = '?([0-9]+)'?$/s", $query, $found ) !== 1 ) {
			return null;
		}
		preg_match_all( "/`(\w+)` = ($value)/s", $found[2], $pairs );
		return [ $found[1], (int) $found[3], array_combine( $pairs[1], array_map( [ self::class, 'value' ], $pairs[2] ) ) ];
	}

	/**
	 * The tables in which a statement may change rows.
	 *
	 * @return string[]|null null: any
	 */
	public static function written( string $query ): ?array {
		$verb = strtoupper( substr( ltrim( $query, "( \t\r\n" ), 0, strcspn( ltrim( $query, "( \t\r\n" ), "( \t\r\n;" ) ) );
		if ( in_array( $verb, [ 'SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'SET' ], true ) ) {
			return [];
		}
		preg_match_all( '/psmsc_(' . self::TABLES . ')\b/i', $query, $found );
		// A transaction that ends, or a procedure, does not name them.
		$names = in_array( $verb, [ 'INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'OPTIMIZE', 'ANALYZE', 'START', 'BEGIN' ], true );
		return $names ? array_unique( array_map( 'strtolower', $found[1] ) ) : null;
	}

	private static function value( string $text ): ?string {
		if ( $text === 'NULL' ) {
			return null;
		}
		return $text[0] === "'" ? strtr( substr( $text, 1, -1 ), self::ESCAPED ) : $text;
	}
}
