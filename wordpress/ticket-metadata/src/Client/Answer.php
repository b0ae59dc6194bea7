<?php
namespace TicketMetadata\Client;

use TicketMetadata\Text;

/** The result of a request. A failure is an answer too, with the status 0 and a code. */
final class Answer {

	/** Codes after which an immediate retry with the same Idempotency-Key is safe. */
	private const AT_ONCE = [ 'store_unavailable', 'outcome_unknown', 'network_error' ];

	/** Codes after which the same request may succeed later. */
	private const LATER = [ 'timeout', 'circuit_open', 'overloaded', 'rate_limited', 'request_timeout' ];

	/** The codes of the service and of this plugin. */
	private const CODE = '/^[a-z][a-z0-9_]{0,63}$/D';

	/** The service quotes refused values, and a server that is not the service may say anything. */
	private const DETAIL_LENGTH_MAX = 1000;

	/** A proxy's answers if it does not reach the service. */
	private const PROXY_STATUSES = [ 502, 503, 504 ];

	/** The HTTP status; 0: the service did not answer. */
	public int $status = 0;

	/** Empty: success. Otherwise the service's code, or `network_error`, `timeout`, `out_of_time`, `circuit_open`, `blocked`, `disabled`, `misconfigured`, `bad_answer`, `invalid_argument`, `client_error`. */
	public string $code = '';

	/** The ticket, the results, or the problem (RFC 9457). */
	public array $body = [];

	/** @var array<string, string> by names in lower case */
	public array $headers = [];

	/** Whether the answer holds more than was asked for: fewer tickets at a time may do. */
	public bool $isTooLarge = false;

	/** The HTTP status of an answer that is not the service's. */
	private int $strangeStatus = 0;

	private function __construct() {}

	public static function failure( string $code, string $detail ): self {
		$answer       = new self();
		$answer->code = $code;
		$answer->body = [ 'detail' => $detail ];
		return $answer;
	}

	/**
	 * Reads an HTTP answer. The service's are JSON objects: a ticket, a result, a problem with a code, or, with 503 from
	 * /health/ready, a state.
	 *
	 * @param array<string, string> $headers by names in lower case
	 */
	public static function fromHttp( int $status, array $headers, string $text, ?Expected $expected = null ): self {
		$expected = $expected ?? Expected::ticket();
		if ( ! $expected->holds( $text ) ) {
			return self::tooLarge( $expected );
		}
		$body      = $expected->decode( $text );
		$isResult  = $status >= 200 && $status < 300;
		$isState   = $status === 503 && isset( $body['redis'], $body['mysql'] );
		$isProblem = $status >= 400 && self::isCode( $body['code'] ?? null );
		if ( $body === null || ! ( $isResult || $isState || $isProblem ) ) {
			$answer                = self::unfitting( $status );
			$answer->headers       = $headers;
			$answer->strangeStatus = $status;
			return $answer;
		}
		$answer          = new self();
		$answer->status  = $status;
		$answer->code    = $isProblem ? $body['code'] : ( $isState ? 'unavailable' : '' );
		$answer->body    = $body;
		$answer->headers = $headers;
		return $answer;
	}

	/** The answer is not one to the request. */
	public static function unfitting( int $status ): self {
		return self::failure( 'bad_answer', "Something other than the service answered, with HTTP status $status. Check the address, and any proxy in front of the service." );
	}

	public static function tooLarge( Expected $expected ): self {
		$size   = $expected->bytesMax < 1048576 ? ceil( $expected->bytesMax / 1024 ) . ' KiB' : ceil( $expected->bytesMax / 1048576 ) . ' MiB';
		$answer = self::failure( 'bad_answer', "The answer is longer than $size, or holds more values than the request asked for. Ask for fewer tickets at a time." );

		$answer->isTooLarge = true;
		return $answer;
	}

	/** With the body in the form that was read from it. */
	public function withBody( array $body ): self {
		$answer       = clone $this;
		$answer->body = $body;
		return $answer;
	}

	/** Whether the service stored the whole request: in Redis or, with 202, in its journal until Redis is back. In a batch, each result says so itself. */
	public function isStored(): bool {
		return in_array( $this->status, [ 200, 201, 202 ], true );
	}

	/** Whether the same request, with the same Idempotency-Key, may succeed if it is repeated, now or later. */
	public function isRetriable(): bool {
		return $this->isRetriableAtOnce() || in_array( $this->code, self::LATER, true ) || $this->isUnavailable();
	}

	/** Whether a page may retry at once. */
	public function isRetriableAtOnce(): bool {
		return in_array( $this->code, self::AT_ONCE, true );
	}

	/** Whether the service seems to be down or unreachable. */
	public function isUnavailable(): bool {
		return in_array( $this->code, [ 'network_error', 'timeout' ], true ) || in_array( $this->strangeStatus, self::PROXY_STATUSES, true );
	}

	/** @return int|null null: no Retry-After; PHP_INT_MAX: a date, which is never near enough to wait for */
	public function retryAfterSeconds(): ?int {
		$text = $this->headers['retry-after'] ?? '';
		if ( $text === '' ) {
			return null;
		}
		return ctype_digit( $text ) ? (int) $text : PHP_INT_MAX;
	}

	/** What happened, and what to do. Plain text in one line. */
	public function detail(): string {
		return self::line( $this->body['detail'] ?? null );
	}

	/** The id under which operators find the request in the service's log. */
	public function requestId(): string {
		return self::line( $this->body['request_id'] ?? null );
	}

	/**
	 * Text of an answer for people, who see it on pages and in terminals.
	 *
	 * @param mixed $text anything but text is none
	 */
	public static function line( $text ): string {
		return is_string( $text ) ? Text::line( $text, self::DETAIL_LENGTH_MAX ) : '';
	}

	/** @param mixed $code */
	public static function isCode( $code ): bool {
		return is_string( $code ) && preg_match( self::CODE, $code ) === 1;
	}
}
