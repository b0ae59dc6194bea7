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

	/** @param array $result one of a batch's */
	public static function ofResult( array $result ): self {
		if ( ! isset( $result['error'] ) ) {
			return self::stored();
		}
		$status = (int) ( $result['status'] ?? 0 );
		$code   = (string) ( $result['error']['code'] ?? 'bad_answer' );
		$detail = (string) ( $result['error']['detail'] ?? '' );
		return $status >= 400 && $status < 500 ? self::refused( $code, $detail ) : self::undelivered( $code, $detail );
	}

	public function isStored(): bool {
		return $this->code === '';
	}
}
