<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Checks\Checks;
use TicketMetadata\Checks\Finding;
use TicketMetadata\Combining\Statistics;
use TicketMetadata\Plugin;

/** `wp ticket-metadata status` */
final class Status {

	public function show( string $format ): void {
		$findings = Checks::patient()->all();
		$outbox   = new Outbox();
		$waiting  = [
			'waiting'           => $outbox->depth(),
			'refused'           => $outbox->refused(),
			'dropped'           => $outbox->dropped(),
			'oldest_waiting_at' => $outbox->oldestAt(),
			'last_delivery_at'  => Plugin::lastDelivery()->at(),
			'combined_writes'   => (object) Statistics::days(),
		];
		if ( $format === 'json' ) {
			\WP_CLI::line( (string) wp_json_encode( [ 'checks' => array_map( [ self::class, 'forPrograms' ], $findings ) ] + $waiting ) );
		} else {
			\WP_CLI\Utils\format_items( 'table', array_map( [ self::class, 'forPeople' ], $findings ), [ 'check', 'state', 'finding', 'detail' ] );
		}
		$isCritical = static function ( Finding $finding ): bool {
			return $finding->isCritical();
		};
		if ( array_filter( $findings, $isCritical ) !== [] ) {
			\WP_CLI::halt( 1 );
		}
	}

	private static function forPrograms( Finding $finding ): array {
		return [
			'check'   => $finding->id,
			'state'   => $finding->state,
			'finding' => $finding->headline,
			'detail'  => $finding->detail,
		];
	}

	private static function forPeople( Finding $finding ): array {
		return [ 'state' => $finding->stateName() ] + self::forPrograms( $finding );
	}
}
