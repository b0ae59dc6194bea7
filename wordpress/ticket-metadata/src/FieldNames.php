<?php
namespace TicketMetadata;

/** The fields of a ticket that callers set. */
final class FieldNames {

	private const ALL = [ 'customer_id', 'subject', 'status', 'category', 'priority', 'assigned_to', 'custom_fields', 'created_at' ];

	/**
	 * Where a change waits, the service would refuse it long after its caller could do something about it.
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
