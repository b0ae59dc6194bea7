<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/** By cURL, with one handle: the connection stays open for all calls of a PHP request. */
final class CurlTransport implements Transport {

	/** Of cURL's errors, those that mean: this is not HTTP. */
	private const NOT_HTTP = [ CURLE_UNSUPPORTED_PROTOCOL, 8 /* CURLE_WEIRD_SERVER_REPLY, which older PHPs do not name */ ];

	private Config $config;

	/** @var resource|\CurlHandle|null */
	private $curl = null;

	public function __construct( Config $config ) {
		$this->config = $config;
	}

	public static function isPossible(): bool {
		return function_exists( 'curl_init' );
	}

	public function shortestTimeoutMs(): int {
		return 1;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		if ( $this->curl === null ) {
			$this->curl = curl_init();
		} else {
			// Forgets the options, and keeps the connection.
			curl_reset( $this->curl );
		}
		$received = new ReceivedText();
		curl_setopt_array( $this->curl, $this->options( $request, $timeoutMs, $received ) );
		curl_exec( $this->curl );

		$error = curl_errno( $this->curl );
		if ( $received->isTooLong() ) {
			return $received->tooLong();
		}
		if ( $error !== CURLE_OK ) {
			return $this->failure( $error, curl_error( $this->curl ) );
		}
		return Answer::fromHttp( curl_getinfo( $this->curl, CURLINFO_RESPONSE_CODE ), $received->headers, $received->text );
	}

	private function options( Request $request, int $timeoutMs, ReceivedText $received ): array {
		// Empty, cURL does not ask whether it may send a long body, which can take a second.
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
			// Without it, a cURL that resolves names with signals gives up at once below a second.
			CURLOPT_NOSIGNAL          => true,
			CURLOPT_PROTOCOLS         => CURLPROTO_HTTP | CURLPROTO_HTTPS,
			// The key goes to the service's address and nowhere else: neither where an answer points, nor through a
			// proxy that the environment of the web server names.
			CURLOPT_FOLLOWLOCATION    => false,
			CURLOPT_PROXY             => '',
			CURLOPT_HEADERFUNCTION    => [ $received, 'addHeader' ],
			CURLOPT_WRITEFUNCTION     => [ $received, 'addText' ],
		];
		if ( $request->body !== null ) {
			$options[ CURLOPT_POSTFIELDS ] = $request->body;
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
		return Answer::failure( 'network_error', "The service was not reached: $message." );
	}
}
