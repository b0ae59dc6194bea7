<?php
namespace TicketMetadata;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;

/** What the service calls the statuses of the help desks. */
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
	 * Every status of every help desk, in their order.
	 *
	 * @return array<string, array{bridge: string, label: string, default: string, set: string}> by "slug:status"; set is empty where nobody chose
	 */
	public function rows(): array {
		$rows = [];
		foreach ( $this->bridges as $slug => $bridge ) {
			foreach ( $bridge->statuses() as $key => $status ) {
				$rows[ "$slug:$key" ] = [
					'bridge'  => $bridge->name(),
					'label'   => $status['label'],
					// A status that is mapped for all help desks counts where none is for this one.
					'default' => $this->set[ $key ] ?? $status['default'],
					'set'     => $this->set[ "$slug:$key" ] ?? '',
				];
			}
		}
		return $rows;
	}

	/** @return string[] the service's statuses that tickets of this site can have, each once */
	public function inUse(): array {
		$used = [];
		foreach ( $this->rows() as $row ) {
			$used[] = $row['set'] !== '' ? $row['set'] : $row['default'];
		}
		return array_values( array_unique( $used ) );
	}
}
