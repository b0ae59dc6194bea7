<?php
namespace TicketMetadata;

/** Makes text from a help desk or a server acceptable to the service and the database. */
final class Text {

	/** Cuts text to a number of characters. Invalid UTF-8 becomes U+FFFD. */
	public static function fit( string $text, int $length ): string {
		// PHP's only way to repair UTF-8 without an extension is to encode and decode it.
		$valid = htmlspecialchars_decode( htmlspecialchars( $text, ENT_NOQUOTES | ENT_SUBSTITUTE, 'UTF-8' ), ENT_NOQUOTES );
		return mb_substr( $valid, 0, $length, 'UTF-8' );
	}
}
