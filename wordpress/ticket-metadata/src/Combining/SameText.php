<?php
namespace TicketMetadata\Combining;

/**
 * What the database may hold for the same text although the bytes differ: its collation is none of ours to know. Where
 * that can matter, WordPress's own statements are sent.
 */
final class SameText {

	public static function isUnclear( string $one, string $other ): bool {
		if ( $one === $other ) {
			return false;
		}
		if ( ! self::isAscii( $one ) || ! self::isAscii( $other ) ) {
			return true;
		}
		// Most collations ignore case and spaces at the end.
		return strcasecmp( rtrim( $one, ' ' ), rtrim( $other, ' ' ) ) === 0;
	}

	/** Printable only: collations ignore control characters. */
	public static function isAscii( string $text ): bool {
		return preg_match( '/[^\x20-\x7e]/', $text ) === 0;
	}
}
