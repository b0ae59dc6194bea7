<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Lists;
use TicketMetadata\Text;

/** `wp ticket-metadata find` and `counts` */
final class Find {

	private const FILTERS = [ 'status', 'assigned_to', 'customer_id', 'category', 'priority', 'created_since', 'created_until', 'updated_since', 'updated_until' ];

	/** The fields that are shown if none are named. */
	private const FIELDS = [ 'ticket_id', 'status', 'priority', 'assigned_to', 'customer_id', 'subject', 'created_at', 'updated_at' ];

	private const ALL_FIELDS = [ 'ticket_id', 'customer_id', 'subject', 'status', 'category', 'priority', 'channel', 'assigned_to', 'custom_fields', 'created_at', 'updated_at', 'closed_at', 'version', 'synced_version' ];

	private const PAGE = 100;

	/** The longest value of a ticket. */
	private const TEXT_LENGTH_MAX = 1024;

	private Lists $lists;

	public function __construct( Lists $lists ) {
		$this->lists = $lists;
	}

	public function find( array $options ): void {
		$format = $options['format'] ?? 'table';
		$fields = self::fields( $options );
		$items  = [];
		$count  = 0;
		foreach ( $this->tickets( $options ) as $ticket ) {
			++$count;
			if ( $format === 'ids' ) {
				$items[] = $ticket['ticket_id'];
			} elseif ( $format !== 'count' ) {
				$items[] = self::item( $ticket, $fields, $format );
			}
		}
		if ( $format === 'count' ) {
			\WP_CLI::line( (string) $count );
		} elseif ( $format === 'ids' ) {
			\WP_CLI::line( implode( ' ', $items ) );
		} else {
			\WP_CLI\Utils\format_items( $format, $items, $fields );
		}
	}

	public function counts( array $options ): void {
		$groupBy = $options['group_by'] ?? 'status';
		$counts  = self::orEnd( $this->lists->counts( $groupBy, self::filters( $options ) ) )['counts'];
		$items   = [];
		foreach ( $counts as $value => $count ) {
			$items[] = [ $groupBy => Text::line( (string) $value, self::TEXT_LENGTH_MAX ), 'tickets' => $count ];
		}
		\WP_CLI\Utils\format_items( $options['format'] ?? 'table', $items, [ $groupBy, 'tickets' ] );
	}

	/** @return \Generator<array> page after page, so that a long list does not fill the memory by itself */
	private function tickets( array $options ): \Generator {
		$left      = Options::number( $options, 'limit', PHP_INT_MAX, 1 );
		$arguments = array_intersect_key( $options, [ 'sort' => true ] ) + ( empty( $options['partial'] ) ? [] : [ 'partial' => true ] );
		$filters   = self::filters( $options );
		$missing   = [];
		do {
			$page      = self::orEnd( $this->lists->find( $filters, $arguments + [ 'limit' => min( self::PAGE, $left ) ] ) );
			$missing  += array_flip( $page['incomplete'] ?? [] );
			$arguments = [ 'cursor' => $page['next_cursor'] ] + $arguments;
			foreach ( $page['tickets'] as $ticket ) {
				yield $ticket;
			}
			$left -= count( $page['tickets'] );
		} while ( $page['has_more'] && $left > 0 );
		if ( $missing !== [] ) {
			/* translators: %s: redis, mysql or both */
			\WP_CLI::warning( sprintf( __( 'The list is incomplete. The service could not ask, or not for all tickets: %s.', 'ticket-metadata' ), implode( ', ', array_keys( $missing ) ) ) );
		}
	}

	private static function filters( array $options ): array {
		return array_intersect_key( $options, array_flip( self::FILTERS ) );
	}

	/** @return string[] */
	private static function fields( array $options ): array {
		$fields  = array_filter( array_map( 'trim', explode( ',', (string) ( $options['fields'] ?? '' ) ) ), 'strlen' );
		$isKnown = static fn( string $field ): bool => in_array( $field, self::ALL_FIELDS, true ) || strpos( $field, 'custom_fields.' ) === 0;
		foreach ( $fields as $field ) {
			if ( ! $isKnown( $field ) ) {
				/* translators: 1: what was asked for, 2: a list of fields */
				\WP_CLI::error( sprintf( __( 'There is no field %1$s. The fields are %2$s, and custom_fields.NAME.', 'ticket-metadata' ), $field, implode( ', ', self::ALL_FIELDS ) ) );
			}
		}
		return $fields === [] ? self::FIELDS : array_values( $fields );
	}

	/**
	 * A subject is what a customer typed, which must not steer the terminal.
	 *
	 * @param string[] $fields
	 */
	private static function item( array $ticket, array $fields, string $format ): array {
		$item = [];
		foreach ( $fields as $field ) {
			$custom = strpos( $field, 'custom_fields.' ) === 0 ? substr( $field, strlen( 'custom_fields.' ) ) : null;
			$value  = $custom === null ? $ticket[ $field ] ?? null : $ticket['custom_fields'][ $custom ] ?? null;
			$item[ $field ] = in_array( $format, [ 'json', 'yaml' ], true ) ? $value : Text::line( is_string( $value ) ? $value : ( $value === null ? '' : (string) wp_json_encode( $value ) ), self::TEXT_LENGTH_MAX );
		}
		return $item;
	}

	/** @param array|\WP_Error $answer */
	private static function orEnd( $answer ): array {
		if ( is_wp_error( $answer ) ) {
			/* translators: 1: a code, 2: what went wrong */
			\WP_CLI::error( sprintf( __( 'The service did not answer: %1$s. %2$s', 'ticket-metadata' ), $answer->get_error_code(), $answer->get_error_message() ) );
		}
		return $answer;
	}
}
