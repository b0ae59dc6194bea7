<?php
namespace TicketMetadata\Client;

/** Collects an answer, up to a maximum size. */
final class ReceivedText {

	/** Eight times a list of 500 usual tickets. PHP needs about ten times as much memory to decode it. */
	public const BYTES_MAX = 4194304;

	/** @var array<string, string> by names in lower case */
	public array $headers = [];

	public string $text = '';

	private int $bytes = 0;

	/** @param mixed $curl */
	public function addHeader( $curl, string $line ): int {
		if ( ! $this->takes( $line ) ) {
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
		if ( ! $this->takes( $text ) ) {
			return 0;
		}
		$this->text .= $text;
		return strlen( $text );
	}

	public function isTooLong(): bool {
		return $this->bytes > self::BYTES_MAX;
	}

	public static function tooLong(): Answer {
		return Answer::failure( 'bad_answer', 'The answer is longer than 4 MiB. Ask for fewer tickets at a time.' );
	}

	/** cURL aborts the transfer if a callback takes fewer bytes than it got. */
	private function takes( string $part ): bool {
		$this->bytes += strlen( $part );
		return ! $this->isTooLong();
	}
}
