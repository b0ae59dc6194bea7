<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Config;
use TicketMetadata\Text;

/** A ticket of a help desk in the words of the service. */
final class Fields {

	/** The lengths that the service takes, in characters. */
	private const LENGTHS = [ 'subject' => 255, 'category' => 64, 'priority' => 64 ];

	private string $slug;

	/** @var array<string, array{label: string, default: string}> the help desk's, read once for many tickets */
	private array $statuses;

	/** @var array<string, string> */
	private array $map;

	public function __construct( Bridge $bridge ) {
		$this->slug     = $bridge->slug();
		$this->statuses = $bridge->statuses();
		$this->map      = ( new Config() )->statusMap();
	}

	/** @return array customer_id, subject, category, priority, status, assigned_to, custom_fields, created_at; null where there is nothing */
	public function of( array $snapshot ): array {
		$fields                = array_diff_key( $snapshot, [ 'guest_id' => true ] );
		$fields['customer_id'] = $snapshot['customer_id'] ?? TicketIds::ofGuest( $snapshot['guest_id'] ?? 0 );
		$fields['status']      = $this->status( (string) $snapshot['status'] );
		foreach ( self::LENGTHS as $name => $length ) {
			$fields[ $name ] = self::text( $snapshot[ $name ] ?? null, $length );
		}
		return $fields;
	}

	/** What remains of a ticket that the help desk has no more. */
	public function ofDeleted(): array {
		return [
			'status'        => $this->status( $this->closed() ),
			'custom_fields' => [ 'deleted' => true ],
		];
	}

	private function status( string $status ): string {
		return $this->mapped( $status ) ?? $this->statuses[ $status ]['default'] ?? ( $status === 'closed' ? 'closed' : 'open' );
	}

	/** The help desk's own name for it: of its closed statuses the first that the service calls so too. */
	private function closed(): string {
		$closed = array_keys( array_filter( $this->statuses, static fn( array $status ): bool => $status['default'] === 'closed' ) );
		$called = array_filter( $closed, fn( $status ): bool => $this->status( (string) $status ) === 'closed' );
		return (string) ( reset( $called ) ?: reset( $closed ) ?: 'closed' );
	}

	/** What is said of this help desk counts before what is said of all. */
	private function mapped( string $status ): ?string {
		return $this->map[ "$this->slug:$status" ] ?? $this->map[ $status ] ?? null;
	}

	private static function text( ?string $text, int $length ): ?string {
		$fitting = Text::fit( (string) $text, $length );
		return $fitting === '' ? null : $fitting;
	}
}
