<?php
namespace TicketMetadata\Client;

/** What is asked of the service: the same one each time it is sent. */
final class Request {

	public string $method;

	/** With its query, as it stands after the service's address. */
	public string $path;

	/** JSON; null: it has no body. */
	public ?string $body = null;

	public string $idempotencyKey = '';

	public function __construct( string $method, string $path ) {
		$this->method = $method;
		$this->path   = $path;
	}

	/**
	 * @param string $idempotencyKey empty: the request can be repeated as it is
	 * @throws \InvalidArgumentException where the body is no JSON
	 */
	public static function withBody( string $method, string $path, array $body, string $idempotencyKey = '' ): self {
		$request                 = new self( $method, $path );
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
