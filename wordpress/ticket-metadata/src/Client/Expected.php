<?php
namespace TicketMetadata\Client;

/**
 * How much an answer may hold, by what was asked. PHP needs 250 bytes for the four bytes of [0], in a list, so both bytes
 * and values are counted before anything is decoded.
 */
final class Expected {

	/** A ticket in a list of results in an answer, with its custom fields, has four. */
	private const DEPTH_MAX = 16;

	/** A refusal quotes what was refused. */
	private const REFUSAL_BYTES = 65536;

	private const REFUSAL_VALUES = 1000;

	/** A result of a batch is a number of fields, or a refusal. */
	private const RESULT_BYTES = 8192;

	private const RESULT_VALUES = 60;

	/** The service's limit for a request; a ticket is never longer. */
	private const TICKET_BYTES = 1048576;

	/** The service takes 50 custom fields, but other programs write its table, too. */
	private const TICKET_VALUES = 2000;

	/** The service ends a list at about 4 MiB, with the ticket that reaches it. */
	private const TICKETS_BYTES = 6291456;

	/** On average: 50 custom fields and as many again. */
	private const LISTED_TICKET_VALUES = 200;

	public int $bytesMax;

	private int $valuesMax;

	private function __construct( int $bytesMax, int $valuesMax ) {
		$this->bytesMax  = $bytesMax;
		$this->valuesMax = $valuesMax;
	}

	/** A state, some counts or a refusal. */
	public static function little(): self {
		return new self( self::REFUSAL_BYTES, self::REFUSAL_VALUES );
	}

	public static function ticket(): self {
		return new self( self::TICKET_BYTES, self::TICKET_VALUES );
	}

	public static function tickets( int $count ): self {
		return new self( self::TICKETS_BYTES, self::REFUSAL_VALUES + $count * self::LISTED_TICKET_VALUES );
	}

	public static function results( int $count ): self {
		return new self( self::REFUSAL_BYTES + $count * self::RESULT_BYTES, self::REFUSAL_VALUES + $count * self::RESULT_VALUES );
	}

	public function holds( string $text ): bool {
		return strlen( $text ) <= $this->bytesMax && Json::hasAtMost( $this->valuesMax, $text );
	}

	/** @return array|null null: not an object, or nested too deeply */
	public function decode( string $text ): ?array {
		return Json::decode( $text, self::DEPTH_MAX );
	}
}
