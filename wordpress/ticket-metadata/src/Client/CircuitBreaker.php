<?php
namespace TicketMetadata\Client;

/**
 * While the service is away, pages do not wait for it: after some failures in a row nobody asks for a while, then one
 * request tries. What all PHP requests of the site see counts.
 */
final class CircuitBreaker {

	/** Fewer, and a restart of the service, which resets some connections at a time, would open it. */
	public const FAILURES_MAX = 5;

	public const OPEN_SECONDS = 10;

	/** Failures that lie further apart have nothing to do with each other. */
	private const MEMORY_SECONDS = 3600;

	private SharedState $state;

	/** @var callable(): float Unix seconds */
	private $clock;

	/** As of the last allows(): a success, the usual case, costs nothing to record. */
	private int $failures = 0;

	/** @param callable(): float|null $clock */
	public function __construct( SharedState $state, ?callable $clock = null ) {
		$this->state = $state;
		$this->clock = $clock ?? static function (): float {
			return microtime( true );
		};
	}

	/** Whether a request may be sent. Who gets a true, says what came of it. */
	public function allows(): bool {
		$circuit        = $this->circuit();
		$this->failures = $circuit['failures'];
		if ( $circuit['failures'] < self::FAILURES_MAX ) {
			return true;
		}
		if ( ( $this->clock )() < $circuit['retry_at'] ) {
			return false;
		}
		// One tries. Should its PHP die meanwhile, another may when this has expired.
		return $this->state->add( 'trial', true, self::OPEN_SECONDS );
	}

	public function record( Answer $answer ): void {
		if ( $answer->isUnavailable() ) {
			$this->failures = $this->circuit()['failures'] + 1;
			$this->save( $this->failures );
		} elseif ( $answer->status > 0 && $this->failures > 0 ) {
			$this->failures = 0;
			$this->save( 0 );
		}
	}

	private function circuit(): array {
		$circuit = $this->state->get( 'circuit' );
		return is_array( $circuit ) && isset( $circuit['failures'], $circuit['retry_at'] )
			? $circuit
			: [ 'failures' => 0, 'retry_at' => 0 ];
	}

	private function save( int $failures ): void {
		$until = ( $this->clock )() + self::OPEN_SECONDS;
		$this->state->set( 'circuit', [ 'failures' => $failures, 'retry_at' => $until ], self::MEMORY_SECONDS );
	}
}
