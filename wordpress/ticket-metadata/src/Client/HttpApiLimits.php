<?php
namespace TicketMetadata\Client;

/**
 * Limits that WordPress's HTTP API does not have: a total time, an end of answers that are too long, no compressed
 * answers, and the IP address to which it connects. By the hooks of its library Requests, for the time of one request.
 */
final class HttpApiLimits {

	private Deadline $deadline;

	private int $bytesMax;

	private ?string $pinned;

	private bool $isTooLong = false;

	/** By what WordPress sends: cURL, or PHP's sockets. */
	private bool $isCurl = false;

	private ?Answer $reason = null;

	/** @param string|null $pinned as Destination says it */
	public function __construct( Deadline $deadline, int $bytesMax, ?string $pinned ) {
		$this->deadline = $deadline;
		$this->bytesMax = $bytesMax;
		$this->pinned   = $pinned;
	}

	/**
	 * @param callable(): mixed $request
	 * @return mixed what it returns
	 */
	public function keep( callable $request ) {
		$hooks = [
			'http_api_curl'                    => [ $this, 'limitCurl' ],
			'requests-fsockopen.remote_socket' => [ $this, 'pinSocket' ],
			'requests-request.progress'        => [ $this, 'checkProgress' ],
			'requests-requests.before_parse'   => [ $this, 'checkHeaders' ],
		];
		foreach ( $hooks as $name => $callback ) {
			// Last, so that no other plugin undoes it.
			add_action( $name, $callback, PHP_INT_MAX, 3 );
		}
		try {
			return $request();
		} finally {
			foreach ( $hooks as $name => $callback ) {
				remove_action( $name, $callback, PHP_INT_MAX );
			}
		}
	}

	public function isTooLong(): bool {
		return $this->isTooLong;
	}

	/** @return Answer|null why the request was ended; null: it was not, or its answer is too long */
	public function reason(): ?Answer {
		return $this->reason;
	}

	/** @param resource|\CurlHandle $curl */
	public function limitCurl( &$curl ): void {
		$this->isCurl = true;
		curl_setopt( $curl, CURLOPT_NOPROGRESS, false );
		curl_setopt(
			$curl,
			CURLOPT_PROGRESSFUNCTION,
			function ( $handle, $total, $received ): int {
				$this->isTooLong = $this->isTooLong || $received > $this->bytesMax;
				// Anything but 0 ends the transfer.
				return $this->isTooLong ? 1 : 0;
			}
		);
		if ( $this->pinned !== null ) {
			curl_setopt( $curl, CURLOPT_CONNECT_TO, [ "::$this->pinned:" ] );
		}
	}

	/** @param string $socket For https it keeps the name, by which PHP checks the certificate. Nobody but the owner of the name has one. */
	public function pinSocket( &$socket ): void {
		if ( $this->pinned !== null && strncmp( $socket, 'tcp://', 6 ) === 0 ) {
			$socket = "tcp://$this->pinned" . strrchr( $socket, ':' );
		}
	}

	/**
	 * @param string $part of the answer's body
	 * @param int    $size what came before it
	 */
	public function checkProgress( $part, $size ): void {
		// An exception would be thrown only when cURL has finished, and cURL has a total time of its own.
		if ( $this->isCurl ) {
			return;
		}
		if ( $size + strlen( $part ) > $this->bytesMax ) {
			$this->isTooLong = true;
			$this->end( 'too long' );
		}
		// Its own timeout begins anew with each part.
		if ( $this->deadline->hasPassed() ) {
			$this->reason = Answer::failure( 'timeout', 'The service did not answer in time: its answer did not end.' );
			$this->end( 'too late' );
		}
	}

	/** @param string $response headers and body as they came */
	public function checkHeaders( &$response ): void {
		$headers = (string) strstr( $response, "\r\n\r\n", true );
		if ( strlen( $headers ) > ReceivedText::HEADER_BYTES_MAX ) {
			$this->reason = ReceivedText::tooManyHeaders();
			$this->end( 'too many headers' );
		}
		if ( preg_match( '/^content-encoding:(?!\s*identity\s*$)/mi', $headers ) === 1 ) {
			$this->reason = Answer::failure( 'bad_answer', 'What answered is not the service: its answer is compressed, which nobody asked for.' );
			$this->end( 'compressed' );
		}
	}

	/** By the exception that WordPress turns into an error, by its name before and since WordPress 6.2. */
	private function end( string $why ): void {
		$class = class_exists( 'WpOrg\Requests\Exception' ) ? 'WpOrg\Requests\Exception' : 'Requests_Exception';
		throw new $class( "ticket-metadata: $why", 'ticket_metadata' );
	}
}
