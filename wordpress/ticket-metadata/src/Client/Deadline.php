<?php
namespace TicketMetadata\Client;

/** The time by which something must end. */
final class Deadline {

	/** Of the monotonic clock. */
	private float $atMs;

	private function __construct( float $atMs ) {
		$this->atMs = $atMs;
	}

	public static function in( int $ms ): self {
		return new self( self::nowMs() + $ms );
	}

	public function leftMs(): int {
		return max( 0, (int) ( $this->atMs - self::nowMs() ) );
	}

	public function hasPassed(): bool {
		return $this->leftMs() === 0;
	}

	private static function nowMs(): float {
		return hrtime( true ) / 1000000;
	}
}
