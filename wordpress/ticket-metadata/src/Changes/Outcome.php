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

	/** @param mixed $result one result of a batch */
	public static function ofResult( $result ): self {
		$result = is_array( $result ) ? $result : [];
		$status = (int) ( $result['status'] ?? 0 );
		if ( $status >= 200 && $status < 300 ) {
			return self::stored();
		}
		$code   = (string) ( $result['error']['code'] ?? 'bad_answer' );
		$detail = (string) ( $result['error']['detail'] ?? "A result of the batch has the status $status and no reason." );
		// A ticket whose stored data is damaged gets 500, which does not concern the others.
		$isOfTicket = $code !== 'bad_answer' && ( ( $status >= 400 && $status < 500 ) || $code === 'internal_error' );
		return $isOfTicket ? self::refused( $code, $detail ) : self::undelivered( $code, $detail );
	}

	public function isStored(): bool {
		return $this->code === '';
	}
}
