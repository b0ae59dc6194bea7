<?php
namespace TicketMetadata\Client;

/** A connection to the service that PHP keeps for the next page of the same process, where PHP has processes that serve several pages. */
final class KeptConnection {

	/** PHP keeps connections by address and what follows it, so that no other code of the site gets this one. */
	private const OWN = '/ticket-metadata';

	/**
	 * PHP keeps the size of reads with the connection, and nothing else that a page can set. So it says how the connection was left: in the
	 * middle of an exchange, by a page that PHP ended, the answer to that page would be taken for the answer to the next one.
	 */
	private const IDLE_BYTES = 12288;

	private const BUSY_BYTES = 16384;

	/** @var resource */
	private $stream;

	/** Whether an earlier exchange used it. The other side may have closed it meanwhile. */
	public bool $isUsed;

	/** @param resource $stream */
	private function __construct( $stream, bool $isUsed ) {
		$this->stream = $stream;
		$this->isUsed = $isUsed;
	}

	/**
	 * @param string      $address a host and a port
	 * @param string|null $reason  why there is none
	 */
	public static function open( string $address, Deadline $deadline, ?string &$reason ): ?self {
		// The rest of a long request must not wait until the service has confirmed its beginning.
		$context = stream_context_create( [ 'socket' => [ 'tcp_nodelay' => true ] ] );
		while ( true ) {
			// PHP warns of what it says in $reason.
			$stream = @stream_socket_client( 'tcp://' . $address . self::OWN, $code, $reason, $deadline->leftMs() / 1000, STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT, $context );
			if ( $stream === false ) {
				return null;
			}
			$left = stream_set_chunk_size( $stream, self::BUSY_BYTES );
			if ( $left !== self::BUSY_BYTES && ( $left !== self::IDLE_BYTES || ! self::hasInput( $stream ) ) ) {
				return new self( $stream, $left === self::IDLE_BYTES );
			}
			fclose( $stream );
		}
	}

	/**
	 * Whether there is something to read before anything was asked: an end, or what nobody has asked for.
	 *
	 * @param resource $stream
	 */
	private static function hasInput( $stream ): bool {
		$readable = [ $stream ];
		$none     = null;
		return stream_select( $readable, $none, $none, 0 ) !== 0;
	}

	/** @return bool false: the other side has ended it, or has not taken all in time */
	public function write( string $bytes, Deadline $deadline ): bool {
		// Otherwise PHP waits for each part that the other side takes, however many there are.
		stream_set_blocking( $this->stream, false );
		do {
			// PHP warns of a connection that is closed.
			$written = @fwrite( $this->stream, $bytes );
			$bytes   = (string) substr( $bytes, (int) $written );
		} while ( $bytes !== '' && $written !== false && $this->isWritable( $deadline ) );
		stream_set_blocking( $this->stream, true );
		return $bytes === '';
	}

	private function isWritable( Deadline $deadline ): bool {
		$none     = null;
		$writable = [ $this->stream ];
		return stream_select( $none, $writable, $none, 0, $deadline->leftMs() * 1000 ) === 1;
	}

	/** @return string|null null: it has ended, or the time is over */
	public function read( Deadline $deadline ): ?string {
		$leftMs = $deadline->leftMs();
		stream_set_timeout( $this->stream, intdiv( $leftMs, 1000 ), $leftMs % 1000 * 1000 );
		$bytes = $leftMs > 0 ? @fread( $this->stream, self::BUSY_BYTES ) : '';
		return $bytes === false || $bytes === '' ? null : $bytes;
	}

	/** The answer was read to its end, and the other side keeps the connection, too. */
	public function keep(): void {
		stream_set_chunk_size( $this->stream, self::IDLE_BYTES );
	}

	public function close(): void {
		fclose( $this->stream );
	}
}
