<?php
namespace TicketMetadata;

/** WordPress passes numbers from its database and from forms as text; the service needs numbers. */
final class Numbers {

	private const FIELDS = [ 'customer_id', 'assigned_to', 'created_at' ];

	/** Converts only exact numbers. The service refuses and names everything else. */
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
