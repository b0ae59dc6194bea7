<?php
namespace TicketMetadata\Changes;

/** The differences between a help desk's ticket and the service's. */
final class Comparison {

	/**
	 * @param array $here  the fields as they are sent
	 * @param array $there the ticket as the service returns it
	 * @return array<string, array{mixed, mixed}> by field: here and there
	 */
	public static function differences( array $here, array $there ): array {
		$differences = [];
		foreach ( self::flat( $here ) as $name => $value ) {
			$other = self::flat( $there )[ $name ] ?? null;
			if ( ! self::isSame( $value, $other ) ) {
				$differences[ $name ] = [ $value, $other ];
			}
		}
		return $differences;
	}

	/** Custom fields are merged by name, so the service may have more of them, from other callers. */
	private static function flat( array $fields ): array {
		$custom = is_array( $fields['custom_fields'] ?? null ) ? $fields['custom_fields'] : [];
		unset( $fields['custom_fields'] );
		foreach ( $custom as $name => $value ) {
			$fields[ "custom_fields.$name" ] = $value;
		}
		return $fields;
	}

	/**
	 * @param mixed $here
	 * @param mixed $there
	 */
	private static function isSame( $here, $there ): bool {
		$isNumber = ( is_int( $here ) || is_float( $here ) ) && ( is_int( $there ) || is_float( $there ) );
		// JSON does not tell integers from floats.
		return $isNumber ? $here == $there : $here === $there;
	}
}
