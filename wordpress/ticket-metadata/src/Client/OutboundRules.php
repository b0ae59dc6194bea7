<?php
namespace TicketMetadata\Client;

/** Whether the site allows its plugins to call an address: WP_HTTP_BLOCK_EXTERNAL and WP_ACCESSIBLE_HOSTS. */
final class OutboundRules {

	public static function block( string $url ): bool {
		if ( ! defined( 'WP_HTTP_BLOCK_EXTERNAL' ) || ! WP_HTTP_BLOCK_EXTERNAL ) {
			return false;
		}
		// WordPress's own check, which knows the site's host. Without it, the constant alone decides.
		return ! method_exists( 'WP_Http', 'block_request' ) || ( new \WP_Http() )->block_request( $url );
	}

	public static function refusal( string $url ): Answer {
		$host = (string) parse_url( $url, PHP_URL_HOST );
		return Answer::failure( 'blocked', "WP_HTTP_BLOCK_EXTERNAL keeps this site from calling $host. Add $host to WP_ACCESSIBLE_HOSTS in wp-config.php." );
	}
}
