<?php
namespace TicketMetadata;

/** WordPress gives numbers as text, from its database and from forms; the service wants them as numbers. */
final class Numbers {

	private const FIELDS = [ 'customer_id', 'assigned_to', 'created_at' ];

	/** Only what is exactly a number: what else is given, the service refuses and names. */
	public static function typed( array $fields ): array {
		foreach ( self::FIELDS as $name ) {
			$value = $fields[ $name ] ?? null;
			if ( is_string( $value ) && (string) (int) $value === $value ) {
				$fields[ $name ] = (int) $value;
			}
		}
		return $fields;
	}
}
