<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Config;
use TicketMetadata\Text;

/** A ticket of a help desk in the words of the service. */
final class Fields {

	/** The lengths that the service takes, in characters. */
	private const LENGTHS = [ 'subject' => 255, 'category' => 64, 'priority' => 64 ];

	/** @return array customer_id, subject, category, priority, status, assigned_to, custom_fields, created_at; null where there is nothing */
	public static function of( Bridge $bridge, array $snapshot ): array {
		$fields                = array_diff_key( $snapshot, [ 'guest_id' => true ] );
		$fields['customer_id'] = $snapshot['customer_id'] ?? TicketIds::ofGuest( $snapshot['guest_id'] ?? 0 );
		$fields['status']      = self::status( $bridge, (string) $snapshot['status'] );
		foreach ( self::LENGTHS as $name => $length ) {
			$fields[ $name ] = self::text( $snapshot[ $name ] ?? null, $length );
		}
		return $fields;
	}

	/** What remains of a ticket that the help desk has no more. */
	public static function ofDeleted( Bridge $bridge ): array {
		$map = ( new Config() )->statusMap();
		return [
			'status'        => $map[ $bridge->slug() . ':closed' ] ?? $map['closed'] ?? 'closed',
			'custom_fields' => [ 'deleted' => true ],
		];
	}

	private static function status( Bridge $bridge, string $status ): string {
		$map = ( new Config() )->statusMap();
		return $map[ $bridge->slug() . ":$status" ] ?? $map[ $status ] ?? $bridge->statuses()[ $status ]['default'] ?? 'open';
	}

	private static function text( ?string $text, int $length ): ?string {
		$fitting = Text::fit( (string) $text, $length );
		return $fitting === '' ? null : $fitting;
	}
}
