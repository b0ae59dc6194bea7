<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/**
 * Sends requests over a connection that PHP keeps for the next page. cURL closes its connections at the end of a page, and to connect costs page
 * and service more than the request. Only for http: whom to trust with https is left to cURL.
 */
final class StreamTransport implements Transport {

	private Config $config;

	private Destination $destination;

	public function __construct( Config $config, ?Destination $destination = null ) {
		$this->config      = $config;
		$this->destination = $destination ?? new Destination( $config );
	}

	public static function isPossible( Config $config ): bool {
		// Some hosts forbid it.
		return function_exists( 'stream_socket_client' ) && strncasecmp( $config->url(), 'http://', 7 ) === 0;
	}

	public function shortestTimeoutMs(): int {
		return 1;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		$refusal = $this->destination->refusal();
		if ( $refusal !== null ) {
			return $refusal;
		}
		$deadline = Deadline::in( $timeoutMs );
		$url      = parse_url( $this->config->url() ) + [ 'port' => 80, 'path' => '' ];
		$address  = ( $this->destination->pinned() ?? $url['host'] ) . ':' . $url['port'];
		$text     = $this->text( $request, "{$url['host']}:{$url['port']}", $url['path'] );
		do {
			$connecting = Deadline::in( min( $this->config->connectTimeoutMs(), $deadline->leftMs() ) );
			$connection = KeptConnection::open( $address, $connecting, $reason );
			if ( $connection === null ) {
				return $connecting->hasPassed()
					? Answer::failure( 'timeout', 'The service could not be reached in time.' )
					: Answer::failure( 'network_error', "The service could not be reached: $reason." );
			}
			$reader = new HttpReader( $request->expected->bytesMax );
			self::exchange( $connection, $text, $reader, $deadline );
			// Closed by the other side in the moment in which it was used again. To repeat a request is safe: a write has its Idempotency-Key.
			$isStale = $connection->isUsed && $reader->isSilent && ! $deadline->hasPassed();
		} while ( $isStale );
		return self::answer( $reader, $request->expected, $deadline );
	}

	private function text( Request $request, string $host, string $path ): string {
		$headers = [ 'Host' => $host, 'User-Agent' => 'ticket-metadata' ] + $request->headers( $this->config->key() );
		if ( $request->body !== null ) {
			$headers['Content-Length'] = strlen( $request->body );
		}
		$text = "$request->method $path$request->path HTTP/1.1\r\n";
		foreach ( $headers as $name => $value ) {
			$text .= "$name: $value\r\n";
		}
		return "$text\r\n$request->body";
	}

	private static function exchange( KeptConnection $connection, string $text, HttpReader $reader, Deadline $deadline ): void {
		// What refuses a long request may answer before it has all of it, and not take the rest.
		$isSent = $connection->write( $text, $deadline );
		while ( ! $reader->isDone() ) {
			$bytes = $connection->read( $deadline );
			if ( $bytes === null ) {
				$reader->end( $deadline->hasPassed() );
				break;
			}
			$reader->add( $bytes );
		}
		if ( $isSent && $reader->mayKeep() ) {
			$connection->keep();
		} else {
			$connection->close();
		}
	}

	private static function answer( HttpReader $reader, Expected $expected, Deadline $deadline ): Answer {
		if ( $reader->isTooLong() ) {
			return Answer::tooLarge( $expected );
		}
		if ( $reader->hasTooManyHeaders() ) {
			return ReceivedText::tooManyHeaders();
		}
		if ( $reader->isMalformed ) {
			return Answer::failure( 'bad_answer', 'What answered is not the service: its answer is not HTTP.' );
		}
		if ( $reader->isComplete ) {
			return Answer::fromHttp( $reader->status, $reader->headers, $reader->text, $expected );
		}
		return $deadline->hasPassed()
			? Answer::failure( 'timeout', 'The service did not answer in time.' )
			: Answer::failure( 'network_error', 'The connection to the service ended before its answer.' );
	}
}
