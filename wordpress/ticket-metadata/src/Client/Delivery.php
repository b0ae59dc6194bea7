<?php
namespace TicketMetadata\Client;

/** Brings a request to the service within the time that a page may wait: by one attempt, or by two where that is safe. */
final class Delivery {

	/** What has just refused a connection seldom takes the next one at once. */
	private const PAUSE_MS = 50;

	private Transport $transport;

	private CircuitBreaker $breaker;

	private int $timeoutMs;

	public function __construct( Transport $transport, CircuitBreaker $breaker, int $timeoutMs ) {
		$this->transport = $transport;
		$this->breaker   = $breaker;
		$this->timeoutMs = $timeoutMs;
	}

	/**
	 * @param bool          $isTrial  goes out even where the circuit is open
	 * @param Deadline|null $deadline of the one who waits for more than this
	 */
	public function deliver( Request $request, bool $isTrial = false, ?Deadline $deadline = null ): Answer {
		$timeoutMs = $deadline === null ? $this->timeoutMs : min( $this->timeoutMs, $deadline->leftMs() );
		if ( $timeoutMs === 0 ) {
			return Answer::failure( 'out_of_time', 'The time that a page may wait was over before it could be sent.' );
		}
		if ( ! $this->breaker->allows() && ! $isTrial ) {
			return Answer::failure( 'circuit_open', 'The service was away when it was asked last. It is asked again in a few seconds.' );
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
		$this->breaker->record( $answer );
		return $answer;
	}

	/**
	 * As long as the service asks for, where a page can wait so long; else hardly at all: with the same Idempotency-Key the
	 * one attempt that is left does no harm, and seconds later there is nobody any more who could make it.
	 */
	private function pauseMs( Answer $answer, int $leftMs ): int {
		$seconds = $answer->retryAfterSeconds();
		$fits    = $seconds !== null && $seconds * 1000 + $this->transport->shortestTimeoutMs() <= $leftMs;
		return $fits ? $seconds * 1000 : self::PAUSE_MS;
	}
}
