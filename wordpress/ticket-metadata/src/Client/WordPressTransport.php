<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/** Sends requests by WordPress's HTTP API, if a proxy is configured or neither StreamTransport nor CurlTransport is possible: a connection per call, timeouts in whole seconds. */
final class WordPressTransport implements Transport {

	private Config $config;

	private Destination $destination;

	private bool $isBehindProxy;

	public function __construct( Config $config, ?Destination $destination = null, bool $isBehindProxy = false ) {
		$this->config        = $config;
		$this->destination   = $destination ?? new Destination( $config );
		$this->isBehindProxy = $isBehindProxy;
	}

	/** WordPress rounds shorter timeouts up to a second. */
	public function shortestTimeoutMs(): int {
		return 1000;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		$refusal = $this->destination->refusal( $this->isBehindProxy );
		if ( $refusal !== null ) {
			return $refusal;
		}
		$timeoutMs = max( $this->shortestTimeoutMs(), $timeoutMs );
		$bytesMax  = $request->expected->bytesMax;
		$arguments = [
			'method'              => $request->method,
			'timeout'             => $timeoutMs / 1000,
			'redirection'         => 0,
			'httpversion'         => '1.1',
			'user-agent'          => 'ticket-metadata',
			// Without blocking, the result would be unknown, and WordPress would wait all the same.
			'blocking'            => true,
			// WordPress would ask for a compressed answer, whose size after decompression nothing limits.
			'headers'             => $request->headers( $this->config->key() ) + [ 'Accept-Encoding' => 'identity' ],
			'body'                => $request->body,
			// One byte above the maximum, so that a longer answer is recognised.
			'limit_response_size' => $bytesMax + 1,
		];
		if ( $this->config->caFile() !== '' ) {
			$arguments['sslcertificates'] = $this->config->caFile();
		}
		$limits   = new HttpApiLimits( Deadline::in( $timeoutMs ), $bytesMax, $this->destination->pinned() );
		$response = $limits->keep( fn() => wp_remote_request( $this->config->url() . $request->path, $arguments ) );
		if ( $limits->isTooLong() || ( ! is_wp_error( $response ) && strlen( wp_remote_retrieve_body( $response ) ) > $bytesMax ) ) {
			return Answer::tooLarge( $request->expected );
		}
		if ( $limits->reason() !== null ) {
			return $limits->reason();
		}
		return is_wp_error( $response )
			? $this->failure( $response )
			: Answer::fromHttp( (int) wp_remote_retrieve_response_code( $response ), $this->headers( $response ), wp_remote_retrieve_body( $response ), $request->expected );
	}

	/** @return array<string, string> */
	private function headers( array $response ): array {
		$headers = [];
		foreach ( wp_remote_retrieve_headers( $response ) as $name => $value ) {
			$headers[ strtolower( $name ) ] = is_array( $value ) ? implode( ', ', $value ) : $value;
		}
		return $headers;
	}

	private function failure( \WP_Error $error ): Answer {
		$message = $error->get_error_message();
		if ( $error->get_error_code() === 'http_request_not_executed' ) {
			return OutboundRules::refusal( $this->config->url() );
		}
		// WordPress has one code for all failures, so look for cURL's number or the socket's message.
		if ( preg_match( '/cURL error 28\b|timed out/i', $message ) === 1 ) {
			return Answer::failure( 'timeout', "The service did not answer in time: $message." );
		}
		return Answer::failure( 'network_error', "The service could not be reached: $message." );
	}
}
