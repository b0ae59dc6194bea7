<?php
namespace TicketMetadata\Client;

/**
 * Keeps pages from waiting for an unavailable service: after some consecutive failures no requests are sent for a while,
 * then one request tries. The state is shared by all PHP requests of the site.
 */
final class CircuitBreaker {

	/** With fewer, a restart of the service would open the circuit, because it resets several connections at once. */
	public const FAILURES_MAX = 5;

	public const OPEN_SECONDS = 10;

	/** Failures that are further apart are unrelated. */
	private const MEMORY_SECONDS = 3600;

	private SharedState $state;

	/** @var callable(): float Unix seconds */
	private $clock;

	/** As of the last allows(), so that recording a success, the usual case, costs nothing. */
	private int $failures = 0;

	/** @param callable(): float|null $clock */
	public function __construct( SharedState $state, ?callable $clock = null ) {
		$this->state = $state;
		$this->clock = $clock ?? static function (): float {
			return microtime( true );
		};
	}

	/** Whether requests of pages are refused without a trial, as far as it can be told without a query. */
	public function isOpen(): bool {
		$circuit = self::valid( $this->state->loaded( 'circuit' ) );
		return $circuit['failures'] >= self::FAILURES_MAX && ( $this->clock )() < $circuit['retry_at'];
	}

	/** Whether a request may be sent. After a true, the caller must record() the result. */
	public function allows(): bool {
		// As WordPress has loaded it: a page that began a moment before the circuit opened may find that out by itself.
		$circuit        = self::valid( $this->state->loaded( 'circuit' ) );
		$this->failures = $circuit['failures'];
		if ( $circuit['failures'] < self::FAILURES_MAX ) {
			return true;
		}
		if ( ( $this->clock )() < $circuit['retry_at'] ) {
			return false;
		}
		// One request tries. If its PHP process dies, another may try after this has expired.
		return $this->state->add( 'trial', true, self::OPEN_SECONDS );
	}

	public function record( Answer $answer ): void {
		if ( $answer->isUnavailable() ) {
			$circuit        = $this->circuit();
			$this->failures = $circuit['failures'] + 1;
			// Who sends although it is open need not say so again.
			if ( $circuit['failures'] < self::FAILURES_MAX || ( $this->clock )() >= $circuit['retry_at'] ) {
				$this->save( $this->failures );
			}
		} elseif ( $answer->status > 0 && $this->failures > 0 ) {
			$this->failures = 0;
			$this->save( 0 );
		}
	}

	/**
	 * @param mixed $circuit as it was stored
	 * @return array{failures: int, retry_at: int|float} the failures in a row, and until when they keep pages from trying, in Unix seconds
	 */
	public static function valid( $circuit ): array {
		return is_array( $circuit ) && isset( $circuit['failures'], $circuit['retry_at'] )
			? $circuit
			: [ 'failures' => 0, 'retry_at' => 0 ];
	}

	private function circuit(): array {
		return self::valid( $this->state->get( 'circuit' ) );
	}

	private function save( int $failures ): void {
		$until = ( $this->clock )() + self::OPEN_SECONDS;
		$this->state->set( 'circuit', [ 'failures' => $failures, 'retry_at' => $until ], self::MEMORY_SECONDS );
	}
}
