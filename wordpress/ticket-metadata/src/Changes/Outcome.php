<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Answer;

/** What became of one change. */
final class Outcome {

	/** Empty: the service keeps it. */
	public string $code = '';

	public string $detail = '';

	/** Whether it is this change that the service does not want, and not the service that is away or cannot be asked. */
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

	/** @param mixed $result one of a batch's */
	public static function ofResult( $result ): self {
		$result = is_array( $result ) ? $result : [];
		$status = (int) ( $result['status'] ?? 0 );
		if ( $status >= 200 && $status < 300 ) {
			return self::stored();
		}
		$code   = (string) ( $result['error']['code'] ?? 'bad_answer' );
		$detail = (string) ( $result['error']['detail'] ?? "A result of the batch has the status $status and no reason." );
		// A ticket whose stored data is damaged is 500, and has nothing to do with the others.
		$isOfTicket = $code !== 'bad_answer' && ( ( $status >= 400 && $status < 500 ) || $code === 'internal_error' );
		return $isOfTicket ? self::refused( $code, $detail ) : self::undelivered( $code, $detail );
	}

	public function isStored(): bool {
		return $this->code === '';
	}
}
