<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/** Sends requests by cURL, with one handle, so that all calls of a PHP request share a connection. */
final class CurlTransport implements Transport {

	/** cURL's errors for an answer that is not HTTP. */
	private const NOT_HTTP = [ CURLE_UNSUPPORTED_PROTOCOL, 8 /* CURLE_WEIRD_SERVER_REPLY, which older PHPs do not name */ ];

	private Config $config;

	private Destination $destination;

	/** @var resource|\CurlHandle|null */
	private $curl = null;

	public function __construct( Config $config, ?Destination $destination = null ) {
		$this->config      = $config;
		$this->destination = $destination ?? new Destination( $config );
	}

	public static function isPossible(): bool {
		return function_exists( 'curl_init' );
	}

	public function shortestTimeoutMs(): int {
		return 1;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		$refusal = $this->destination->refusal();
		if ( $refusal !== null ) {
			return $refusal;
		}
		if ( $this->curl === null ) {
			$this->curl = curl_init();
		} else {
			// Resets the options and keeps the connection.
			curl_reset( $this->curl );
		}
		$received = new ReceivedText( $request->expected->bytesMax );
		curl_setopt_array( $this->curl, $this->options( $request, $timeoutMs, $received ) );
		curl_exec( $this->curl );

		$error = curl_errno( $this->curl );
		if ( $received->isTooLong() ) {
			return Answer::tooLarge( $request->expected );
		}
		if ( $received->hasTooManyHeaders() ) {
			return ReceivedText::tooManyHeaders();
		}
		if ( $error !== CURLE_OK ) {
			return $this->failure( $error, curl_error( $this->curl ) );
		}
		return Answer::fromHttp( curl_getinfo( $this->curl, CURLINFO_RESPONSE_CODE ), $received->headers, $received->text, $request->expected );
	}

	private function options( Request $request, int $timeoutMs, ReceivedText $received ): array {
		// Empty, so that cURL does not wait up to a second for permission to send a long body.
		$headers = [ 'Expect:' ];
		foreach ( $request->headers( $this->config->key() ) as $name => $value ) {
			$headers[] = "$name: $value";
		}
		$options = [
			CURLOPT_URL               => $this->config->url() . $request->path,
			CURLOPT_CUSTOMREQUEST     => $request->method,
			CURLOPT_HTTPHEADER        => $headers,
			CURLOPT_USERAGENT         => 'ticket-metadata',
			CURLOPT_CONNECTTIMEOUT_MS => min( $this->config->connectTimeoutMs(), $timeoutMs ),
			CURLOPT_TIMEOUT_MS        => $timeoutMs,
			// Without it, a cURL that resolves names with signals fails immediately on timeouts below a second.
			CURLOPT_NOSIGNAL          => true,
			CURLOPT_PROTOCOLS         => CURLPROTO_HTTP | CURLPROTO_HTTPS,
			// The key must go to the service's address only: not to the target of a redirect, and not through a proxy
			// from the web server's environment.
			CURLOPT_FOLLOWLOCATION    => false,
			CURLOPT_PROXY             => '',
			CURLOPT_HEADERFUNCTION    => [ $received, 'addHeader' ],
			CURLOPT_WRITEFUNCTION     => [ $received, 'addText' ],
		];
		if ( $request->body !== null ) {
			$options[ CURLOPT_POSTFIELDS ] = $request->body;
		}
		if ( $this->destination->pinned() !== null ) {
			// Whatever host and port the address has, and however cURL reads it.
			$options[ CURLOPT_CONNECT_TO ] = [ '::' . $this->destination->pinned() . ':' ];
		}
		if ( $this->config->caFile() !== '' ) {
			$options[ CURLOPT_CAINFO ] = $this->config->caFile();
		}
		return $options;
	}

	private function failure( int $error, string $message ): Answer {
		if ( $error === CURLE_OPERATION_TIMEDOUT ) {
			return Answer::failure( 'timeout', "The service did not answer in time: $message." );
		}
		if ( in_array( $error, self::NOT_HTTP, true ) ) {
			return Answer::failure( 'bad_answer', "What answered is not the service: $message." );
		}
		return Answer::failure( 'network_error', "The service could not be reached: $message." );
	}
}
