<?php
namespace TicketMetadata\Client;

/** Reads an answer of HTTP/1.1 from its bytes as they come (RFC 9112), up to a maximum size of its headers and of its text. */
final class HttpReader {

	private const STATUS_LINE = '#\AHTTP/1\.([01]) ([1-5]\d\d)(?: |$)#m';

	private const HEADER = '/^([^\s:]+):(.*)$/m';

	private const LENGTH = '/^\d{1,15}$/D';

	private const CHUNK_SIZE = '/^([0-9a-f]{1,8})[ \t]*(?:;|$)/i';

	/** With all that a size may be followed by. */
	private const CHUNK_LINE_BYTES_MAX = 1000;

	public int $status = 0;

	/** @var array<string, string> by names in lower case */
	public array $headers = [];

	public string $text = '';

	/** Whether nothing has come. */
	public bool $isSilent = true;

	public bool $isComplete = false;

	/** Whether what came is not HTTP. */
	public bool $isMalformed = false;

	/** Of all headers together, those of interim answers included. */
	private int $headerBytes = 0;

	private int $textBytesMax;

	/** What is not read yet. */
	private string $bytes = '';

	/** Bytes of the body, or of its chunk, that are missing; null: the body ends with the connection. */
	private ?int $left = null;

	private bool $isChunked = false;

	private bool $isKept = false;

	public function __construct( int $textBytesMax ) {
		$this->textBytesMax = $textBytesMax;
	}

	/** Whether no more bytes are wanted. */
	public function isDone(): bool {
		return $this->isComplete || $this->isMalformed || $this->isTooLong() || $this->hasTooManyHeaders();
	}

	public function isTooLong(): bool {
		return strlen( $this->text ) > $this->textBytesMax;
	}

	public function hasTooManyHeaders(): bool {
		return $this->headerBytes > ReceivedText::HEADER_BYTES_MAX;
	}

	/** Whether the connection may be used for another request. */
	public function mayKeep(): bool {
		return $this->isComplete && $this->isKept && $this->left !== null && $this->bytes === '';
	}

	public function add( string $bytes ): void {
		$this->isSilent = false;
		$this->bytes   .= $bytes;
		// Interim answers come before the answer.
		while ( $this->status < 200 ) {
			$end = strpos( $this->bytes, "\r\n\r\n" );
			if ( strncmp( $this->bytes, 'HTTP/1.', min( 7, strlen( $this->bytes ) ) ) !== 0 ) {
				$this->isMalformed = true;
			} elseif ( $end !== false ) {
				$this->headerBytes += $end;
				$this->readHead( substr( $this->bytes, 0, $end ) );
				$this->bytes = (string) substr( $this->bytes, $end + 4 );
			} elseif ( $this->headerBytes + strlen( $this->bytes ) > ReceivedText::HEADER_BYTES_MAX ) {
				$this->headerBytes += strlen( $this->bytes );
			}
			if ( $end === false || $this->isDone() ) {
				return;
			}
		}
		$this->readBody();
	}

	/** @param bool $isTooLate whether no more bytes are waited for; otherwise the connection has ended, which ends a body without a length */
	public function end( bool $isTooLate ): void {
		$this->isComplete = ! $isTooLate && $this->status >= 200 && $this->left === null;
	}

	private function readHead( string $head ): void {
		$head = str_replace( "\r", '', $head );
		if ( preg_match( self::STATUS_LINE, $head, $line ) !== 1 ) {
			$this->isMalformed = true;
			return;
		}
		preg_match_all( self::HEADER, $head, $found );
		$this->headers   = array_combine( array_map( 'strtolower', $found[1] ), array_map( 'trim', $found[2] ) );
		$this->status    = (int) $line[2];
		$coding          = strtolower( $this->headers['transfer-encoding'] ?? '' );
		$length          = $this->headers['content-length'] ?? '';
		$this->isKept    = $line[1] === '1' && stripos( $this->headers['connection'] ?? '', 'close' ) === false;
		$this->isChunked = $coding === 'chunked';
		if ( $this->isChunked || $this->status === 204 || $this->status === 304 ) {
			$this->left = 0;
		} elseif ( $length !== '' && $coding === '' ) {
			$this->left = (int) $length;
		}
		$this->isComplete  = $this->status >= 200 && $this->left === 0 && ! $this->isChunked;
		$this->isMalformed = ( $coding !== '' && ! $this->isChunked ) || ( $length !== '' && preg_match( self::LENGTH, $length ) !== 1 );
	}

	private function readBody(): void {
		while ( ! $this->isDone() && $this->bytes !== '' && ( ! $this->isChunked || $this->left > 0 || $this->readChunkSize() ) ) {
			$text             = $this->left === null ? $this->bytes : substr( $this->bytes, 0, $this->left );
			$this->bytes      = (string) substr( $this->bytes, strlen( $text ) );
			$this->text      .= $text;
			$this->left       = $this->left === null ? null : $this->left - strlen( $text );
			$this->isComplete = $this->left === 0 && ! $this->isChunked;
		}
	}

	/** @return bool false: it is not here yet, or says that no chunk follows */
	private function readChunkSize(): bool {
		// What ends the chunk before it.
		$this->bytes = ltrim( $this->bytes, "\r\n" );
		$end         = strpos( $this->bytes, "\r\n" );
		if ( $end === false ) {
			$this->isMalformed = strlen( $this->bytes ) > self::CHUNK_LINE_BYTES_MAX;
			return false;
		}
		if ( preg_match( self::CHUNK_SIZE, substr( $this->bytes, 0, $end ), $found ) !== 1 ) {
			$this->isMalformed = true;
			return false;
		}
		$this->left  = (int) hexdec( $found[1] );
		$this->bytes = (string) substr( $this->bytes, $end + 2 );
		if ( $this->left === 0 ) {
			// Trailers may follow, which nobody needs: then, or if the last line is not here yet, the connection is not kept.
			$this->isComplete = true;
			$this->bytes      = $this->bytes === "\r\n" ? '' : 'trailers';
		}
		return $this->left > 0;
	}
}
