<?php
namespace TicketMetadata\Client;

/** A request to the service. It stays the same for each attempt. */
final class Request {

	public string $method;

	/** Path and query, appended to the service's address. */
	public string $path;

	/** JSON; null: no body. */
	public ?string $body = null;

	public string $idempotencyKey = '';

	/** What its answer may hold. */
	public Expected $expected;

	public function __construct( string $method, string $path, ?Expected $expected = null ) {
		$this->method   = $method;
		$this->path     = $path;
		$this->expected = $expected ?? Expected::ticket();
	}

	/**
	 * @param string $idempotencyKey empty: the request is idempotent anyway
	 * @throws \InvalidArgumentException if the body cannot be encoded as JSON
	 */
	public static function withBody( string $method, string $path, array $body, string $idempotencyKey = '', ?Expected $expected = null ): self {
		$request                 = new self( $method, $path, $expected );
		$request->body           = Json::encode( $body );
		$request->idempotencyKey = $idempotencyKey;
		return $request;
	}

	/** @return array<string, string> */
	public function headers( string $key ): array {
		$headers = [ 'Accept' => 'application/json' ];
		if ( $key !== '' ) {
			$headers['Authorization'] = "Bearer $key";
		}
		if ( $this->body !== null ) {
			$headers['Content-Type'] = 'application/json';
		}
		if ( $this->idempotencyKey !== '' ) {
			$headers['Idempotency-Key'] = "\"$this->idempotencyKey\"";
		}
		return $headers;
	}
}
