<?php
namespace TicketMetadata;

/** Validates settings. Forms and wp-config.php may give numbers as text. */
final class Setting {

	/**
	 * @param mixed $given
	 * @param mixed $default tells the type
	 * @return mixed null: invalid
	 */
	public static function read( string $name, $given, $default ) {
		if ( is_bool( $default ) ) {
			return filter_var( $given, FILTER_VALIDATE_BOOLEAN, FILTER_NULL_ON_FAILURE );
		}
		if ( is_int( $default ) ) {
			$number = filter_var( $given, FILTER_VALIDATE_INT, [ 'options' => [ 'min_range' => 1 ] ] );
			return $number === false ? null : $number;
		}
		if ( is_array( $default ) ) {
			return is_array( $given ) ? array_map( 'strval', array_filter( $given, 'is_scalar' ) ) : null;
		}
		if ( ! is_string( $given ) ) {
			return null;
		}
		$text = trim( $given );
		return $name === 'url' ? self::url( $text ) : ( self::isHeaderText( $text ) ? $text : null );
	}

	/** @param mixed $default */
	public static function expected( string $name, $default ): string {
		if ( is_bool( $default ) ) {
			return __( 'true or false', 'ticket-metadata' );
		}
		if ( is_int( $default ) ) {
			return __( 'a whole number of at least 1', 'ticket-metadata' );
		}
		if ( is_array( $default ) ) {
			return __( 'an array', 'ticket-metadata' );
		}
		return $name === 'url'
			? __( 'an http or https address without user, query or fragment', 'ticket-metadata' )
			: __( 'one line of text', 'ticket-metadata' );
	}

	private static function url( string $text ): ?string {
		$parts = parse_url( $text );
		$isUsable = is_array( $parts )
			&& self::isHeaderText( $text )
			&& in_array( strtolower( $parts['scheme'] ?? '' ), [ 'http', 'https' ], true )
			&& ( $parts['host'] ?? '' ) !== ''
			&& ! isset( $parts['user'] ) && ! isset( $parts['query'] ) && ! isset( $parts['fragment'] );
		return $isUsable ? rtrim( $text, '/' ) : null;
	}

	/** A line break would start another header. */
	private static function isHeaderText( string $text ): bool {
		return preg_match( '/[\x00-\x1f\x7f]/', $text ) === 0;
	}
}
