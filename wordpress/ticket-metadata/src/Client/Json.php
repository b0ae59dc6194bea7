<?php
namespace TicketMetadata\Client;

/** JSON in the service's form. */
final class Json {

	/**
	 * @param array $fields of a ticket or a request: encoded as an object, even if empty
	 * @throws \InvalidArgumentException if a value cannot be encoded
	 */
	public static function encode( array $fields ): string {
		try {
			return json_encode( self::asObject( $fields ), JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
		} catch ( \Throwable $error ) {
			// Not only JsonException: a JsonSerializable may throw anything.
			throw new \InvalidArgumentException( 'The values cannot be sent as JSON: ' . $error->getMessage() . '.', 0, $error );
		}
	}

	/** @return array|null null: not an object */
	public static function decode( string $text, int $depthMax = 512 ): ?array {
		$value = json_decode( $text, true, $depthMax );
		return is_array( $value ) && substr( ltrim( $text ), 0, 1 ) === '{' ? $value : null;
	}

	/**
	 * Whether a JSON text has at most a number of values. Counted without decoding it, by what comes before or between
	 * values: brackets and commas outside of texts. An empty list counts as one with a value.
	 */
	public static function hasAtMost( int $max, string $text ): bool {
		$marks = static fn( string $some ): int => substr_count( $some, '[' ) + substr_count( $some, '{' ) + substr_count( $some, ',' );
		// The usual case: even with those in texts there are few.
		if ( $marks( $text ) < $max ) {
			return true;
		}
		$length = strlen( $text );
		$count  = 1;
		$at     = 0;
		while ( true ) {
			$at += strcspn( $text, '[{,"', $at );
			if ( $at >= $length ) {
				return true;
			}
			if ( $text[ $at ] === '"' ) {
				$at = self::afterText( $text, $at + 1 );
			} elseif ( ++$count > $max ) {
				return false;
			} else {
				++$at;
			}
		}
	}

	/** @return int what follows the quotation mark that ends a text */
	private static function afterText( string $text, int $at ): int {
		$length = strlen( $text );
		while ( $at < $length ) {
			$at += strcspn( $text, '"\\', $at );
			if ( $at < $length && $text[ $at ] === '"' ) {
				return $at + 1;
			}
			// A backslash, and what it makes a part of the text.
			$at += 2;
		}
		return $length;
	}

	/** PHP cannot tell an empty object, or one with numeric names, from a list. So the fields that are objects are named here. */
	private static function asObject( array $fields ): object {
		if ( isset( $fields['custom_fields'] ) && is_array( $fields['custom_fields'] ) ) {
			$fields['custom_fields'] = (object) $fields['custom_fields'];
		}
		if ( isset( $fields['operations'] ) && is_array( $fields['operations'] ) ) {
			$fields['operations'] = array_map(
				static function ( $operation ) {
					return is_array( $operation ) ? self::asObject( $operation ) : $operation;
				},
				array_values( $fields['operations'] )
			);
		}
		return (object) $fields;
	}
}
