<?php
namespace TicketMetadata\Client;

/** What arrives of an answer, as far as it is taken. */
final class ReceivedText {

	/** Eight times what a list of 500 usual tickets takes; PHP needs some ten times as much to read it. */
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
			// Those before were of an answer that only announced this one.
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

	/** cURL ends the transfer when told that less was taken than came. */
	private function takes( string $part ): bool {
		$this->bytes += strlen( $part );
		return ! $this->isTooLong();
	}
}
