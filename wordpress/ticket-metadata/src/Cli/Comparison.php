<?php
namespace TicketMetadata\Cli;

/** How a ticket of a help desk and the service's differ. */
final class Comparison {

	/**
	 * @param array $here  as it is sent; null: nothing
	 * @param array $there as the service answers it
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

	/** What the service has beside that was told it by others: custom fields are merged name by name. */
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
		// JSON has one kind of number.
		return $isNumber ? $here == $there : $here === $there;
	}
}
