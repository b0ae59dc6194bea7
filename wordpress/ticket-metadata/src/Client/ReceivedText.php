<?php
namespace TicketMetadata\Client;

/** Collects an answer, up to a maximum size of its headers and of its text. */
final class ReceivedText {

	/** Of all headers together, those of interim answers included. The service and usual proxies send 2 KB. */
	public const HEADER_BYTES_MAX = 65536;

	/** @var array<string, string> by names in lower case */
	public array $headers = [];

	public string $text = '';

	private int $headerBytes = 0;

	private int $textBytes = 0;

	private int $textBytesMax;

	public function __construct( int $textBytesMax ) {
		$this->textBytesMax = $textBytesMax;
	}

	/**
	 * @param mixed $curl
	 * @return int cURL aborts the transfer if a callback takes fewer bytes than it got
	 */
	public function addHeader( $curl, string $line ): int {
		$this->headerBytes += strlen( $line );
		if ( $this->hasTooManyHeaders() ) {
			return 0;
		}
		if ( strncmp( $line, 'HTTP/', 5 ) === 0 ) {
			// Earlier headers belong to an interim answer such as 100 Continue.
			$this->headers = [];
		}
		$parts = explode( ':', $line, 2 );
		if ( count( $parts ) === 2 ) {
			$this->headers[ strtolower( trim( $parts[0] ) ) ] = trim( $parts[1] );
		}
		return strlen( $line );
	}

	/** @param mixed $curl */
	public function addText( $curl, string $text ): int {
		$this->textBytes += strlen( $text );
		if ( $this->isTooLong() ) {
			return 0;
		}
		$this->text .= $text;
		return strlen( $text );
	}

	public function hasTooManyHeaders(): bool {
		return $this->headerBytes > self::HEADER_BYTES_MAX;
	}

	public static function tooManyHeaders(): Answer {
		return Answer::failure( 'bad_answer', 'What answered is not the service: its headers are longer than 64 KiB.' );
	}

	public function isTooLong(): bool {
		return $this->textBytes > $this->textBytesMax;
	}
}
