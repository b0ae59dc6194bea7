<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\SharedState;

/**
 * When this site last delivered a ticket: to the minute while the outbox holds something, else to the hour, so that
 * recording it does not cost a write each time.
 */
final class LastDelivery {

	/** Memcached reads a longer time as a date. */
	private const KEPT_SECONDS = 30 * 86400;

	private const EXACT_SECONDS = 60;

	/** While everything is delivered, nothing depends on when exactly. */
	private const QUIET_SECONDS = 3600;

	private SharedState $state;

	public function __construct( SharedState $state ) {
		$this->state = $state;
	}

	/** @return int|null Unix seconds; null: not known */
	public function at(): ?int {
		$time = $this->state->get( 'delivered_at' );
		return is_int( $time ) ? $time : null;
	}

	public function note(): void {
		$at      = $this->state->loaded( 'delivered_at' );
		$seconds = $this->state->loaded( 'outbox' ) === 0 ? self::QUIET_SECONDS : self::EXACT_SECONDS;
		if ( time() - ( is_int( $at ) ? $at : 0 ) >= $seconds ) {
			$this->state->set( 'delivered_at', time(), self::KEPT_SECONDS );
		}
	}
}
