<?php
namespace TicketMetadata;

/** Makes text from a help desk or a server acceptable to the service, the database, pages and terminals. */
final class Text {

	/** Cuts text to a number of characters. Invalid UTF-8 becomes U+FFFD. */
	public static function fit( string $text, int $length ): string {
		// PHP's only way to repair UTF-8 without an extension is to encode and decode it.
		$valid = htmlspecialchars_decode( htmlspecialchars( $text, ENT_NOQUOTES | ENT_SUBSTITUTE, 'UTF-8' ), ENT_NOQUOTES );
		return mb_substr( $valid, 0, $length, 'UTF-8' );
	}

	/** One line for people: without control characters, with which a server could steer a terminal, and without marks that reverse the order of text. */
	public static function line( string $text, int $length ): string {
		return trim( (string) preg_replace( '/[\p{Cc}\x{061C}\x{200E}\x{200F}\x{2028}-\x{202E}\x{2066}-\x{2069}]+/u', ' ', self::fit( $text, $length ) ) );
	}
}
