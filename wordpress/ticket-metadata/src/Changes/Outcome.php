<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\TicketShape;

/** The result of sending one change. */
final class Outcome {

	/** Versions are whole milliseconds, and clocks are adjusted by a few. */
	private const MARGIN_MS = 10;

	/** The code of a change to a ticket that was deleted in the service: it will never be accepted. */
	public const DELETED = 'ticket_deleted';

	/** The code of a ticket that is not sent because its customer was erased. */
	public const ERASED = 'customer_erased';

	/** Empty: the service has stored it. */
	public string $code = '';

	public string $detail = '';

	/** Whether the service refused this change, as opposed to being unavailable. */
	public bool $isRefused = false;

	/** Whether the ticket was new to the service. */
	private bool $isCreated = false;

	/** Whether the ticket is gone from the service. */
	private bool $isDeletion = false;

	/** The version that the change gave to the ticket; null: the service does not say. */
	public ?int $version = null;

	/** The version that the ticket had before; null: the service does not say, or there was no ticket. */
	private ?int $previousVersion = null;

	/** @param array $result one result of a batch; an older service, and its journal, say no versions */
	public static function stored( array $result = [] ): self {
		$outcome                  = new self();
		$outcome->isCreated       = ( $result['status'] ?? 0 ) === 201;
		$outcome->isDeletion      = ( $result['status'] ?? 0 ) === 204;
		$outcome->version         = self::version( $result, 'version' );
		$outcome->previousVersion = self::version( $result, 'previous_version' );
		return $outcome;
	}

	/** Nothing is left of the ticket in the service. */
	public static function gone(): self {
		$outcome             = self::stored();
		$outcome->isDeletion = true;
		return $outcome;
	}

	private static function version( array $result, string $name ): ?int {
		return TicketShape::isNumber( $result[ $name ] ?? null, 1 ) ? $result[ $name ] : null;
	}

	/**
	 * Whether another PHP request may have sent something that this change has overwritten, because it was based on older data.
	 * Of two that race, the one whose change comes last finds that out, and the first need not: so a create never does.
	 *
	 * Versions are milliseconds of the service's clock. Only their distance is looked at, so that the clocks of the two
	 * machines need not agree.
	 *
	 * @param int      $ageMs of the data that was sent
	 * @param int|null $own   the version that this PHP request gave to the ticket before
	 */
	public function mayHideAnother( int $ageMs, ?int $own ): bool {
		// Nothing overwrites what is deleted.
		if ( $this->isCreated || $this->isDeletion ) {
			return false;
		}
		if ( $this->version === null || $this->previousVersion === null ) {
			return true;
		}
		return $this->previousVersion !== $own && $this->version - $this->previousVersion <= $ageMs + self::MARGIN_MS;
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
			return self::stored( $result );
		}
		if ( ! Answer::isCode( $code ) ) {
			return self::undelivered( 'bad_answer', "A result of the batch has the status $status and no reason." );
		}
		// A ticket whose stored data is damaged gets 500, which does not concern the others.
		$isOfTicket = ( $status >= 400 && $status < 500 ) || $code === 'internal_error';
		$detail     = Answer::line( $error['detail'] ?? null );
		return $isOfTicket ? self::refused( $code, $detail ) : self::undelivered( $code, $detail );
	}

	/** Whether no later attempt can succeed, because the ticket was deleted in the service, or its customer erased. */
	public function isFinal(): bool {
		return $this->code === self::DELETED || $this->code === self::ERASED;
	}

	public function isStored(): bool {
		return $this->code === '';
	}
}
