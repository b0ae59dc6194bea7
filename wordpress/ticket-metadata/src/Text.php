<?php
namespace TicketMetadata;

/** Text that a help desk or a server gave, made such that the service and the database take it. */
final class Text {

	/** At most so many characters; what is no UTF-8 becomes U+FFFD. */
	public static function fit( string $text, int $length ): string {
		// PHP's only way to mend UTF-8 that needs no extension: there, and back again.
		$valid = htmlspecialchars_decode( htmlspecialchars( $text, ENT_NOQUOTES | ENT_SUBSTITUTE, 'UTF-8' ), ENT_NOQUOTES );
		return mb_substr( $valid, 0, $length, 'UTF-8' );
	}
}
