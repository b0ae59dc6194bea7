<?php
namespace TicketMetadata\Client;

/** Which IP addresses are of the public internet: not of this machine, its networks or its provider's own services. */
final class PublicAddress {

	/** IANA's registry of special-purpose IPv4 addresses, multicast and reserved ones, and 168.63.129.16, where Azure serves its machines. */
	private const SPECIAL_V4 = [
		'0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24',
		'192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3',
	];

	/** The only range that IANA has given out. Everything else is special, such as ::1, fe80:: and IPv4 addresses in IPv6 (::ffff:127.0.0.1, 64:ff9b::). */
	private const GIVEN_V6 = '2000::/3';

	/** Within it: IETF protocols with Teredo, documentation, and 6to4, which holds an IPv4 address. */
	private const SPECIAL_V6 = [ '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20' ];

	/** @param string $ip in its usual form; any other text is not public */
	public static function is( string $ip ): bool {
		$isV4 = filter_var( $ip, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4 ) !== false;
		if ( ! $isV4 && ( filter_var( $ip, FILTER_VALIDATE_IP, FILTER_FLAG_IPV6 ) === false || ! self::isIn( self::GIVEN_V6, $ip ) ) ) {
			return false;
		}
		foreach ( $isV4 ? self::SPECIAL_V4 : self::SPECIAL_V6 as $range ) {
			if ( self::isIn( $range, $ip ) ) {
				return false;
			}
		}
		return true;
	}

	/** @param string $range of the same version as the address */
	private static function isIn( string $range, string $ip ): bool {
		[ $first, $bits ] = explode( '/', $range );
		return strncmp( self::bits( $first ), self::bits( $ip ), (int) $bits ) === 0;
	}

	private static function bits( string $ip ): string {
		$bits = '';
		foreach ( str_split( (string) inet_pton( $ip ) ) as $byte ) {
			$bits .= sprintf( '%08b', ord( $byte ) );
		}
		return $bits;
	}
}
