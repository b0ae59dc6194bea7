<?php
namespace TicketMetadata\Client;

/** Sends a request within the timeout: in one attempt, or in two where a retry is safe. */
final class Delivery {

	/** A server that has just refused a connection rarely accepts the next one immediately. */
	private const PAUSE_MS = 50;

	private Transport $transport;

	private CircuitBreaker $breaker;

	private int $timeoutMs;

	public function __construct( Transport $transport, CircuitBreaker $breaker, int $timeoutMs ) {
		$this->transport = $transport;
		$this->breaker   = $breaker;
		$this->timeoutMs = $timeoutMs;
	}

	/** @return self with the same connection, and the circuit in another place */
	public function under( CircuitBreaker $breaker ): self {
		return new self( $this->transport, $breaker, $this->timeoutMs );
	}

	/** @return Answer|null what a request would get without being sent, because the circuit is open */
	public function paused(): ?Answer {
		return $this->breaker->isOpen() ? self::circuitOpen() : null;
	}

	private static function circuitOpen(): Answer {
		return Answer::failure( 'circuit_open', 'The service was unavailable at the last attempts. It is tried again in a few seconds.' );
	}

	/**
	 * @param bool          $isTrial    sends even if the circuit is open
	 * @param Deadline|null $deadline   shared with other requests
	 * @param bool          $isRecorded whether the result says anything of the circuit; if not, it does not try where the circuit is half-open
	 */
	public function deliver( Request $request, bool $isTrial = false, ?Deadline $deadline = null, bool $isRecorded = true ): Answer {
		$timeoutMs = $deadline === null ? $this->timeoutMs : min( $this->timeoutMs, $deadline->leftMs() );
		if ( $timeoutMs === 0 ) {
			return Answer::failure( 'out_of_time', 'The time that a page may wait was over before the request could be sent.' );
		}
		if ( $isRecorded ? ! $this->breaker->allows() && ! $isTrial : $this->breaker->isOpen() ) {
			return self::circuitOpen();
		}
		$end    = Deadline::in( $timeoutMs );
		$answer = $this->transport->send( $request, $timeoutMs );
		if ( $answer->isRetriableAtOnce() ) {
			$pauseMs = $this->pauseMs( $answer, $end->leftMs() );
			$leftMs  = $end->leftMs() - $pauseMs;
			if ( $leftMs >= $this->transport->shortestTimeoutMs() ) {
				usleep( $pauseMs * 1000 );
				$answer = $this->transport->send( $request, $leftMs );
			}
		}
		if ( $isRecorded ) {
			$this->breaker->record( $answer );
		}
		return $answer;
	}

	/**
	 * The pause that Retry-After asks for, if it fits into the timeout. Otherwise a short one: a retry with the same
	 * Idempotency-Key does no harm, and after the timeout there is no request left that could retry.
	 */
	private function pauseMs( Answer $answer, int $leftMs ): int {
		$seconds = $answer->retryAfterSeconds();
		$fits    = $seconds !== null && $seconds * 1000 + $this->transport->shortestTimeoutMs() <= $leftMs;
		return $fits ? $seconds * 1000 : self::PAUSE_MS;
	}
}
