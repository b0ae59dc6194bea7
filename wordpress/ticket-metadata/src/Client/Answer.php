<?php
namespace TicketMetadata\Client;

/** What came of a request. A failure is an answer too: status 0, and a code that says which. */
final class Answer {

	/** At once, and surely safe with the same Idempotency-Key: the service says so, or the connection broke. */
	private const AT_ONCE = [ 'store_unavailable', 'outcome_unknown', 'network_error' ];

	/** The same request may succeed later. */
	private const LATER = [ 'timeout', 'circuit_open', 'overloaded', 'rate_limited', 'request_timeout' ];

	/** What a proxy says of a service that it does not reach. */
	private const PROXY_STATUSES = [ 502, 503, 504 ];

	/** HTTP's; 0: the service gave no answer. */
	public int $status = 0;

	/** Empty: it went as asked. Else the service's code, or `network_error`, `timeout`, `circuit_open`, `blocked`, `disabled`, `misconfigured`, `bad_answer`, `invalid_argument`, `client_error`. */
	public string $code = '';

	/** The ticket, the results, or the problem (RFC 9457). */
	public array $body = [];

	/** @var array<string, string> by names in lower case */
	public array $headers = [];

	/** HTTP's of something that is no answer of the service. */
	private int $strangeStatus = 0;

	private function __construct() {}

	public static function failure( string $code, string $detail ): self {
		$answer       = new self();
		$answer->code = $code;
		$answer->body = [ 'detail' => $detail ];
		return $answer;
	}

	/**
	 * Reads what arrived. The service's are JSON objects: a ticket, a result, a problem with a code, or, of
	 * /health/ready, a state under 503.
	 *
	 * @param array<string, string> $headers by names in lower case
	 */
	public static function fromHttp( int $status, array $headers, string $text ): self {
		$body      = Json::decode( $text );
		$isResult  = $status >= 200 && $status < 300;
		$isState   = $status === 503 && isset( $body['redis'], $body['mysql'] );
		$isProblem = $status >= 400 && is_string( $body['code'] ?? null );
		if ( $body === null || ! ( $isResult || $isState || $isProblem ) ) {
			$answer                = self::failure( 'bad_answer', "What answered, with HTTP status $status, is not the service. Check its address, and what stands before it." );
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

	/** Whether the service keeps all that was sent: in Redis, or, with 202, in its journal until Redis is back. Of a batch that is not so, each result says it. */
	public function isStored(): bool {
		return in_array( $this->status, [ 200, 201, 202 ], true );
	}

	/** Whether the same request, with the same Idempotency-Key, may be repeated and may then succeed: now or later. */
	public function isRetriable(): bool {
		return $this->isRetriableAtOnce() || in_array( $this->code, self::LATER, true ) || $this->isUnavailable();
	}

	/** Whether the page that waits may try again. */
	public function isRetriableAtOnce(): bool {
		return in_array( $this->code, self::AT_ONCE, true );
	}

	/** Whether it looks as if the service were not there. */
	public function isUnavailable(): bool {
		return in_array( $this->code, [ 'network_error', 'timeout' ], true ) || in_array( $this->strangeStatus, self::PROXY_STATUSES, true );
	}

	/** @return int|null null: the service names no time; PHP_INT_MAX: a date, which is never near enough */
	public function retryAfterSeconds(): ?int {
		$text = $this->headers['retry-after'] ?? '';
		if ( $text === '' ) {
			return null;
		}
		return ctype_digit( $text ) ? (int) $text : PHP_INT_MAX;
	}

	/** What happened, and what can be done. */
	public function detail(): string {
		return is_string( $this->body['detail'] ?? null ) ? $this->body['detail'] : '';
	}

	/** By which an operator finds it in the service's log. */
	public function requestId(): string {
		return is_string( $this->body['request_id'] ?? null ) ? $this->body['request_id'] : '';
	}
}
