<?php
namespace TicketMetadata\Client;

/** Reads an answer of HTTP/1.1 from its bytes as they come (RFC 9112). */
final class HttpReader {

	private const STATUS_LINE = '#^HTTP/1\.([01]) ([1-5]\d\d)(?: |$)#';

	private const LENGTH = '/^\d{1,15}$/D';

	private const CHUNK = '/^([0-9a-f]{1,8})[ \t]*(?:;|$)/i';

	public int $status = 0;

	/** Whether what came is not HTTP. */
	public bool $isMalformed = false;

	public bool $isComplete = false;

	/** Whether nothing has come. */
	public bool $isSilent = true;

	private ReceivedText $received;

	/** What is not read yet. */
	private string $bytes = '';

	/** Of the body, or of its chunk; null: the body ends with the connection. */
	private ?int $left = 0;

	private bool $isChunked = false;

	private bool $isKept = false;

	public function __construct( ReceivedText $received ) {
		$this->received = $received;
	}

	/** Whether no more bytes are wanted. */
	public function isDone(): bool {
		return $this->isComplete || $this->isMalformed || $this->received->hasTooManyHeaders() || $this->received->isTooLong();
	}

	/** Whether the connection may be used for another request. */
	public function mayKeep(): bool {
		return $this->isComplete && $this->isKept && $this->bytes === '';
	}

	public function add( string $bytes ): void {
		$this->isSilent = false;
		$this->bytes   .= $bytes;
		while ( $this->status < 200 && ! $this->isDone() ) {
			$end = strpos( $this->bytes, "\r\n\r\n" );
			if ( $end === false ) {
				// The beginning says whether there is any use in waiting.
				$this->isMalformed = strncmp( $this->bytes, 'HTTP/1.', min( 7, strlen( $this->bytes ) ) ) !== 0;
				if ( strlen( $this->bytes ) > ReceivedText::HEADER_BYTES_MAX ) {
					$this->received->addHeader( null, $this->bytes );
				}
				return;
			}
			$this->readHead( substr( $this->bytes, 0, $end ) );
			$this->bytes = substr( $this->bytes, $end + 4 );
		}
		if ( ! $this->isDone() ) {
			$this->readBody();
		}
	}

	/** @param bool $isTooLate whether no more bytes are waited for; otherwise the connection has ended, which ends a body without a length */
	public function end( bool $isTooLate ): void {
		$this->isComplete = ! $isTooLate && $this->status >= 200 && $this->left === null;
	}

	private function readHead( string $head ): void {
		$lines = explode( "\r\n", $head );
		if ( preg_match( self::STATUS_LINE, $lines[0], $found ) !== 1 ) {
			$this->isMalformed = true;
			return;
		}
		foreach ( $lines as $line ) {
			$this->received->addHeader( null, $line );
		}
		$headers         = $this->received->headers;
		$this->status    = (int) $found[2];
		$this->isChunked = strtolower( $headers['transfer-encoding'] ?? '' ) === 'chunked';
		$this->isKept    = $found[1] === '1' && strpos( strtolower( $headers['connection'] ?? '' ), 'close' ) === false;
		$this->left      = $this->isChunked ? 0 : null;
		if ( in_array( $this->status, [ 204, 304 ], true ) ) {
			$this->isComplete = true;
		} elseif ( isset( $headers['transfer-encoding'] ) && ! $this->isChunked ) {
			$this->isMalformed = true;
		} elseif ( ! $this->isChunked && isset( $headers['content-length'] ) ) {
			$this->isMalformed = preg_match( self::LENGTH, $headers['content-length'] ) !== 1;
			$this->left        = (int) $headers['content-length'];
		}
	}

	private function readBody(): void {
		do {
			if ( $this->isChunked && $this->left === 0 && ! $this->readChunkSize() ) {
				return;
			}
			$text        = $this->left === null ? $this->bytes : substr( $this->bytes, 0, $this->left );
			$this->bytes = (string) substr( $this->bytes, strlen( $text ) );
			$this->left  = $this->left === null ? null : $this->left - strlen( $text );
			$this->received->addText( null, $text );
			$this->isComplete = $this->left === 0 && ! $this->isChunked;
		} while ( $this->isChunked && $this->left === 0 && $this->bytes !== '' && ! $this->isDone() );
	}

	/** @return bool false: it is not here yet, or it says that there are no more */
	private function readChunkSize(): bool {
		// What ends the chunk before it.
		$this->bytes = ltrim( $this->bytes, "\r\n" );
		$end         = strpos( $this->bytes, "\r\n" );
		if ( $end === false ) {
			$this->isMalformed = strlen( $this->bytes ) > 1000;
			return false;
		}
		if ( preg_match( self::CHUNK, substr( $this->bytes, 0, $end ), $found ) !== 1 ) {
			$this->isMalformed = true;
			return false;
		}
		$this->left = (int) hexdec( $found[1] );
		if ( $this->left === 0 ) {
			// Trailers may follow: nobody needs them, and the connection is only kept if they are surely here, and none.
			$this->isComplete = true;
			$this->bytes      = (string) substr( $this->bytes, $end + 2 ) === "\r\n" ? '' : 'trailers';
			return false;
		}
		$this->bytes = substr( $this->bytes, $end + 2 );
		return true;
	}
}
