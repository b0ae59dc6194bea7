<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Config;
use TicketMetadata\Text;

/** Translates a help desk's ticket into the service's fields. */
final class Fields {

	/** The service's limits, in characters. */
	private const LENGTHS = [ 'subject' => 255, 'category' => 64, 'priority' => 64, 'channel' => 64 ];

	private string $slug;

	private Bridge $bridge;

	/** @var array<string, array{label: string, default: string}>|null the help desk's statuses, read once for many tickets, and only if a ticket does not bring its own default */
	private ?array $statuses = null;

	/** @var array<string, string> */
	private array $map;

	public function __construct( Bridge $bridge ) {
		$this->bridge = $bridge;
		$this->slug   = $bridge->slug();
		$this->map    = ( new Config() )->statusMap();
	}

	/** @return array customer_id, subject, category, priority, channel, status, assigned_to, custom_fields, created_at; null: no value */
	public function of( array $snapshot ): array {
		$fields                = array_diff_key( $snapshot, [ 'guest_id' => true, 'status_default' => true ] );
		$fields['customer_id'] = $snapshot['customer_id'] ?? TicketIds::ofGuest( $snapshot['guest_id'] ?? 0 );
		$fields['status']      = $this->status( (string) $snapshot['status'], $snapshot['status_default'] ?? null );
		foreach ( self::LENGTHS as $name => $length ) {
			$fields[ $name ] = self::text( $snapshot[ $name ] ?? null, $length );
		}
		return $fields;
	}

	/** The fields of a ticket that the help desk deleted. */
	public function ofDeleted(): array {
		return [
			'status'        => $this->status( $this->closed() ),
			'custom_fields' => [ 'deleted' => true ],
		];
	}

	/** Whether the help desk's status closes the ticket. */
	public function isClosing( array $snapshot ): bool {
		$default = $snapshot['status_default'] ?? $this->statuses()[ (string) $snapshot['status'] ]['default'] ?? '';
		return in_array( $default, [ 'closed', 'resolved' ], true );
	}

	private function status( string $status, ?string $default = null ): string {
		return $this->mapped( $status ) ?? $default ?? $this->statuses()[ $status ]['default'] ?? ( $status === 'closed' ? 'closed' : 'open' );
	}

	private function statuses(): array {
		$this->statuses = $this->statuses ?? $this->bridge->statuses();
		return $this->statuses;
	}

	/** The help desk's closed status: preferably one that maps to the service's `closed`. */
	private function closed(): string {
		$closed = array_keys( array_filter( $this->statuses(), static fn( array $status ): bool => $status['default'] === 'closed' ) );
		$called = array_filter( $closed, fn( $status ): bool => $this->status( (string) $status ) === 'closed' );
		return (string) ( reset( $called ) ?: reset( $closed ) ?: 'closed' );
	}

	/** A mapping for this help desk takes precedence over one for all help desks. */
	private function mapped( string $status ): ?string {
		return $this->map[ "$this->slug:$status" ] ?? $this->map[ $status ] ?? null;
	}

	private static function text( ?string $text, int $length ): ?string {
		$fitting = Text::fit( (string) $text, $length );
		return $fitting === '' ? null : $fitting;
	}
}
