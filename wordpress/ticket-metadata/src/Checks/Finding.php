<?php
namespace TicketMetadata\Checks;

/** The result of a check, for the settings page, Site Health and `wp ticket-metadata status`. */
final class Finding {

	/** Site Health's names. */
	public const GOOD        = 'good';
	public const RECOMMENDED = 'recommended';
	public const CRITICAL    = 'critical';

	/** The check's id. Stable, so that programs can use it. */
	public string $id;

	public string $state;

	/** Plain text, like the detail. */
	public string $headline;

	/** What was found, and what to do. */
	public string $detail;

	private function __construct( string $id, string $state, string $headline, string $detail ) {
		$this->id       = $id;
		$this->state    = $state;
		$this->headline = $headline;
		$this->detail   = $detail;
	}

	public static function good( string $id, string $headline, string $detail ): self {
		return new self( $id, self::GOOD, $headline, $detail );
	}

	public static function recommended( string $id, string $headline, string $detail ): self {
		return new self( $id, self::RECOMMENDED, $headline, $detail );
	}

	public static function critical( string $id, string $headline, string $detail ): self {
		return new self( $id, self::CRITICAL, $headline, $detail );
	}

	/**
	 * Runs a check. If it throws, that is a finding too: a bug in a bridge or a missing table must not end the page.
	 *
	 * @param callable(): self $check
	 */
	public static function by( string $id, callable $check ): self {
		try {
			return $check();
		} catch ( \Throwable $error ) {
			return self::critical( $id, __( 'A check of Ticket Metadata failed', 'ticket-metadata' ), "$id: " . $error->getMessage() );
		}
	}

	public function isCritical(): bool {
		return $this->state === self::CRITICAL;
	}

	/** For people. */
	public function stateName(): string {
		$names = [
			self::GOOD        => __( 'good', 'ticket-metadata' ),
			self::RECOMMENDED => __( 'should be improved', 'ticket-metadata' ),
			self::CRITICAL    => __( 'critical', 'ticket-metadata' ),
		];
		return $names[ $this->state ];
	}
}
