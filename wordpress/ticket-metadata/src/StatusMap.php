<?php
namespace TicketMetadata;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;

/** Maps the help desks' statuses to the service's. */
final class StatusMap {

	/** @var array<string, string> the setting */
	private array $set;

	/** @var array<string, Bridge> by slug */
	private array $bridges;

	/** @param array<string, Bridge> $bridges */
	public function __construct( array $set, array $bridges ) {
		$this->set     = $set;
		$this->bridges = $bridges;
	}

	public static function ofSite(): self {
		return new self( ( new Config() )->statusMap(), Bridges::active() );
	}

	/**
	 * All statuses of all help desks, in their order.
	 *
	 * @return array<string, array{bridge: string, label: string, default: string, set: string}> by "slug:status"; set is empty if the map has no entry
	 */
	public function rows(): array {
		$rows = [];
		foreach ( $this->bridges as $slug => $bridge ) {
			foreach ( $bridge->statuses() as $key => $status ) {
				$rows[ "$slug:$key" ] = [
					'bridge'  => $bridge->name(),
					'label'   => $status['label'],
					// A mapping for this help desk takes precedence over one for all help desks.
					'default' => $this->set[ $key ] ?? $status['default'],
					'set'     => $this->set[ "$slug:$key" ] ?? '',
				];
			}
		}
		return $rows;
	}

	/** @return string[] the service's statuses that tickets of this site can have, without duplicates */
	public function inUse(): array {
		$used = [];
		foreach ( $this->rows() as $row ) {
			$used[] = $row['set'] !== '' ? $row['set'] : $row['default'];
		}
		return array_values( array_unique( $used ) );
	}
}
