<?php
namespace TicketMetadata;

/**
 * Which settings of a site come from a network administrator. The site's own administrators write the same option, so a
 * value does not tell who set it. The network's options do, because they cannot write those: hashes, by site and setting.
 */
final class Approvals {

	/** Followed by the site's number. */
	public const OPTION = 'ticket_metadata_approved_';

	public static function cover( int $blog, string $name, string $value ): bool {
		return hash_equals( self::of( $blog )[ $name ] ?? '', self::hash( $value ) );
	}

	/** @param string|null $value null: takes the approval back */
	public static function set( int $blog, string $name, ?string $value ): void {
		$approved = array_replace( self::of( $blog ), [ $name => $value === null ? '' : self::hash( $value ) ] );
		update_site_option( self::OPTION . $blog, array_filter( $approved ) );
	}

	/** @return array<string, string> hashes by setting */
	private static function of( int $blog ): array {
		$stored = get_site_option( self::OPTION . $blog );
		return is_array( $stored ) ? array_filter( $stored, 'is_string' ) : [];
	}

	private static function hash( string $value ): string {
		return hash( 'sha256', $value );
	}
}
