<?php
namespace TicketMetadata\Client;

/** Whether an answer is the ticket that was asked for. Whatever reads a ticket relies on the types of its fields. */
final class TicketShape {

	/** The largest number that JSON programs agree on: 2^53 - 1. */
	private const NUMBER_MAX = 9007199254740991;

	private const NUMBERS = [ 'customer_id', 'assigned_to', 'created_at', 'updated_at', 'closed_at', 'synced_version' ];

	private const TEXTS = [ 'subject', 'status', 'category', 'priority', 'channel' ];

	/**
	 * @param mixed $value
	 * @return array|null the ticket, without fields that this version of the plugin does not know and could not show; null: not a ticket
	 */
	public static function read( $value ): ?array {
		if ( ! is_array( $value ) || ! self::isNumber( $value['ticket_id'] ?? null, 1 ) || ! self::isNumber( $value['version'] ?? null, 1 ) ) {
			return null;
		}
		foreach ( self::NUMBERS as $name ) {
			if ( isset( $value[ $name ] ) && ! self::isNumber( $value[ $name ], 0 ) ) {
				return null;
			}
		}
		foreach ( self::TEXTS as $name ) {
			if ( isset( $value[ $name ] ) && ! is_string( $value[ $name ] ) ) {
				return null;
			}
		}
		$custom = $value['custom_fields'] ?? [];
		if ( ! is_array( $custom ) || array_filter( $custom, 'is_scalar' ) !== $custom ) {
			return null;
		}
		$isShown = static fn( $field, $name ): bool => $name === 'custom_fields' || $field === null || is_scalar( $field );
		return array_filter( $value, $isShown, ARRAY_FILTER_USE_BOTH );
	}

	/** @return array|null the answer to a write: the ticket or, with 202, that the journal has it; null: neither */
	public static function readWritten( array $body, int $status, int $id ): ?array {
		if ( $status === 202 ) {
			return ( $body['ticket_id'] ?? null ) === $id && ( $body['journaled'] ?? null ) === true ? $body : null;
		}
		// Any other success, such as 207, says nothing of a single ticket.
		return in_array( $status, [ 200, 201 ], true ) ? self::readOf( $body, $id ) : null;
	}

	public static function readOf( array $body, int $id ): ?array {
		$ticket = self::read( $body );
		return $ticket !== null && $ticket['ticket_id'] === $id ? $ticket : null;
	}

	/** @param mixed $value */
	public static function isNumber( $value, int $min ): bool {
		return is_int( $value ) && $value >= $min && $value <= self::NUMBER_MAX;
	}
}
