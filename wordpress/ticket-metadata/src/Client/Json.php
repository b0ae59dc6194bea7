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
	public static function decode( string $text ): ?array {
		$value = json_decode( $text, true );
		return is_array( $value ) && substr( ltrim( $text ), 0, 1 ) === '{' ? $value : null;
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
