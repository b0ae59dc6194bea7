<?php
namespace TicketMetadata;

/** The fields of a ticket that callers may set. */
final class FieldNames {

	private const ALL = [ 'customer_id', 'subject', 'status', 'category', 'priority', 'channel', 'assigned_to', 'custom_fields', 'created_at' ];

	/**
	 * A deferred change would be refused long after its caller could react.
	 *
	 * @throws \InvalidArgumentException
	 */
	public static function assertKnown( array $fields ): void {
		$unknown = array_diff( array_keys( $fields ), self::ALL );
		if ( $fields === [] || $unknown !== [] ) {
			$what = $fields === [] ? 'No field is given' : 'There is no field ' . wp_json_encode( (string) reset( $unknown ), JSON_PARTIAL_OUTPUT_ON_ERROR );
			throw new \InvalidArgumentException( "$what. The fields are " . implode( ', ', self::ALL ) . '.' );
		}
	}
}
