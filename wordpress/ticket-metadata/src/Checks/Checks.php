<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Client\Client;
use TicketMetadata\Combining\Scope;
use TicketMetadata\Combining\Statistics;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** All checks, in the order in which you would look for a fault. */
final class Checks {

	/** If one of these fails, the checks after it would only repeat it. */
	private const BEFORE_ALL = [ 'reachable', 'key' ];

	private Client $client;

	private Config $config;

	private ?ServiceHealth $health = null;

	public function __construct( Client $client, Config $config ) {
		$this->client = $client;
		$this->config = $config;
	}

	public static function patient(): self {
		return new self( Plugin::patientClient(), new Config() );
	}

	/** @return Finding[] without further checks of the service once it is known not to answer */
	public function all(): array {
		$findings = [];
		foreach ( $this->ofService() as $id => $check ) {
			$finding    = Finding::by( $id, $check );
			$findings[] = $finding;
			if ( $finding->isCritical() && in_array( $id, self::BEFORE_ALL, true ) ) {
				break;
			}
		}
		foreach ( $this->ofSite() as $id => $check ) {
			$findings[] = Finding::by( $id, $check );
		}
		return $findings;
	}

	/** @return array<string, callable(): Finding> by id: each calls the service, so none if the plugin is switched off */
	public function ofService(): array {
		if ( $this->config->isDisabled() ) {
			return [];
		}
		return [
			'reachable' => function (): Finding {
				return $this->health()->reachable();
			},
			'clock'     => function (): Finding {
				return $this->health()->clock();
			},
			'key'       => function (): Finding {
				return KeyCheck::of( $this->client, $this->config );
			},
			'statuses'  => function (): Finding {
				return StatusCheck::of( $this->client );
			},
			'backlog'   => function (): Finding {
				return BacklogCheck::of( $this->client );
			},
		];
	}

	/** @return array<string, callable(): Finding> by id: these read only the site's database */
	public function ofSite(): array {
		$checks = [
			'settings' => function (): Finding {
				return SiteChecks::settings( $this->config );
			},
			'outbox'    => function (): Finding {
				return SiteChecks::outbox( $this->config );
			},
			'delivery' => static function (): Finding {
				return SiteChecks::delivery();
			},
		];
		if ( $this->config->combinesWrites() ) {
			$checks['combining'] = static function (): Finding {
				return CombiningCheck::of( Scope::of( Bridges::active() ), Statistics::days() );
			};
		}
		return $checks;
	}

	/** Requested once for both checks. */
	private function health(): ServiceHealth {
		$this->health = $this->health ?? new ServiceHealth( $this->client );
		return $this->health;
	}
}
