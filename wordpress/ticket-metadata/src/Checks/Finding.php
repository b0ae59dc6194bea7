<?php
namespace TicketMetadata\Checks;

/** What a check found out: for the settings page, Site Health and `wp ticket-metadata status` alike. */
final class Finding {

	/** As Site Health calls them. */
	public const GOOD        = 'good';
	public const RECOMMENDED = 'recommended';
	public const CRITICAL    = 'critical';

	/** The check's, stable: a program may look at it. */
	public string $id;

	public string $state;

	/** Plain text, as the following. */
	public string $headline;

	/** What was seen, and what can be done. */
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
	 * What a check finds, also where it fails itself: a mistake of a bridge, or a table that is gone, ends no page.
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
