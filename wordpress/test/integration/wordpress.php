<?php
/** A real WordPress, as scripts/test-wordpress.mjs has installed it, with the plugin activated. */

define( 'ABSPATH', getenv( 'WORDPRESS_DIRECTORY' ) . '/' );
define( 'WP_CONTENT_DIR', getenv( 'WORDPRESS_CONTENT' ) );
// The plugin stands where it stands in the repository.
define( 'WP_PLUGIN_DIR', dirname( __DIR__, 2 ) );
define( 'DB_NAME', getenv( 'WORDPRESS_DB_NAME' ) );
define( 'DB_USER', getenv( 'WORDPRESS_DB_USER' ) );
define( 'DB_PASSWORD', getenv( 'WORDPRESS_DB_PASSWORD' ) );
define( 'DB_HOST', getenv( 'WORDPRESS_DB_HOST' ) );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'WP_DEBUG', false );
define( 'DISABLE_WP_CRON', true );
define( 'WP_SITEURL', 'http://example.test' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1, *.allowed.test' );
// Empty: a test of what a site does without the constant.
if ( (string) getenv( 'SERVICE_KEY' ) !== '' ) {
	define( 'TICKET_METADATA_KEY', getenv( 'SERVICE_KEY' ) );
}

// WordPress takes for granted that its files are read at the top level, which a bootstrap is not.
global $table_prefix, $wpdb, $wp, $wp_query, $wp_the_query, $wp_rewrite, $wp_locale, $wp_version, $wp_filter, $wp_object_cache;
$table_prefix               = getenv( 'WORDPRESS_TABLE_PREFIX' );
$_SERVER['HTTP_HOST']       = 'example.test';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require ABSPATH . 'wp-settings.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';


$result = activate_plugin( 'ticket-metadata/ticket-metadata.php' );
if ( is_wp_error( $result ) ) {
	throw new RuntimeException( $result->get_error_message() );
}
