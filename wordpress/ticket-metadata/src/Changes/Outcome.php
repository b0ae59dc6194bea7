<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Answer;

/** The result of sending one change. */
final class Outcome {

	/** Empty: the service has stored it. */
	public string $code = '';

	public string $detail = '';

	/** Whether the service refused this change, as opposed to being unavailable. */
	public bool $isRefused = false;

	public static function stored(): self {
		return new self();
	}

	public static function refused( string $code, string $detail ): self {
		$outcome            = self::undelivered( $code, $detail );
		$outcome->isRefused = true;
		return $outcome;
	}

	public static function undelivered( string $code, string $detail ): self {
		$outcome         = new self();
		$outcome->code   = $code;
		$outcome->detail = $detail;
		return $outcome;
	}

	public static function ofAnswer( Answer $answer ): self {
		return self::undelivered( $answer->code, $answer->detail() );
	}

	/**
	 * @param mixed $result   one result of a batch
	 * @param int   $ticketId of its operation: another ticket's result says nothing of it
	 */
	public static function ofResult( $result, int $ticketId ): self {
		$result = is_array( $result ) ? $result : [];
		$status = is_int( $result['status'] ?? null ) ? $result['status'] : 0;
		$error  = is_array( $result['error'] ?? null ) ? $result['error'] : [];
		$code   = $error['code'] ?? null;
		if ( ( $result['ticket_id'] ?? $ticketId ) !== $ticketId ) {
			return self::undelivered( 'bad_answer', 'A result of the batch is of another ticket.' );
		}
		if ( $status >= 200 && $status < 300 ) {
			return self::stored();
		}
		if ( ! Answer::isCode( $code ) ) {
			return self::undelivered( 'bad_answer', "A result of the batch has the status $status and no reason." );
		}
		// A ticket whose stored data is damaged gets 500, which does not concern the others.
		$isOfTicket = ( $status >= 400 && $status < 500 ) || $code === 'internal_error';
		$detail     = Answer::line( $error['detail'] ?? null );
		return $isOfTicket ? self::refused( $code, $detail ) : self::undelivered( $code, $detail );
	}

	public function isStored(): bool {
		return $this->code === '';
	}
}
