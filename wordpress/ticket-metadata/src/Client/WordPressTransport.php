<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/** Sends requests by WordPress's HTTP API, if PHP has no cURL or a proxy is configured: a connection per call, timeouts in whole seconds. */
final class WordPressTransport implements Transport {

	private Config $config;

	public function __construct( Config $config ) {
		$this->config = $config;
	}

	/** WordPress rounds shorter timeouts up to a second. */
	public function shortestTimeoutMs(): int {
		return 1000;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		$arguments = [
			'method'              => $request->method,
			'timeout'             => max( $this->shortestTimeoutMs(), $timeoutMs ) / 1000,
			'redirection'         => 0,
			'httpversion'         => '1.1',
			'user-agent'          => 'ticket-metadata',
			// Without blocking, the result would be unknown, and WordPress would wait all the same.
			'blocking'            => true,
			'headers'             => $request->headers( $this->config->key() ),
			'body'                => $request->body,
			// One byte above the maximum, so that a longer answer is recognised.
			'limit_response_size' => ReceivedText::BYTES_MAX + 1,
		];
		if ( $this->config->caFile() !== '' ) {
			$arguments['sslcertificates'] = $this->config->caFile();
		}
		$response = wp_remote_request( $this->config->url() . $request->path, $arguments );
		if ( is_wp_error( $response ) ) {
			return $this->failure( $response );
		}
		$text = wp_remote_retrieve_body( $response );
		if ( strlen( $text ) > ReceivedText::BYTES_MAX ) {
			return ReceivedText::tooLong();
		}
		return Answer::fromHttp( (int) wp_remote_retrieve_response_code( $response ), $this->headers( $response ), $text );
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
