<?php
/**
 * A real WordPress without a web server: its own code on the database of a test.
 *
 * Reads {"install": bool, "calls": [[function, argument, ...], ...]} as JSON from standard input, calls
 * these functions of WordPress, and writes their results as a JSON list. Database by environment.
 */

define( 'ABSPATH', getenv( 'WORDPRESS_DIRECTORY' ) . '/' );
define( 'WP_CONTENT_DIR', getenv( 'WORDPRESS_CONTENT' ) );
define( 'DB_NAME', getenv( 'WORDPRESS_DB_NAME' ) );
define( 'DB_USER', getenv( 'WORDPRESS_DB_USER' ) );
define( 'DB_PASSWORD', getenv( 'WORDPRESS_DB_PASSWORD' ) );
define( 'DB_HOST', getenv( 'WORDPRESS_DB_HOST' ) );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'WP_DEBUG', false );
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_SITEURL', 'http://example.test' );

$table_prefix = getenv( 'WORDPRESS_TABLE_PREFIX' );
$request      = json_decode( stream_get_contents( STDIN ), true, 512, JSON_THROW_ON_ERROR );

if ( $request['install'] ) {
	define( 'WP_INSTALLING', true );
}

/** WordPress would send the new site's address to its administrator. */
function wp_mail() {
	return true;
}

// What is printed while WordPress loads must not stand in the answer.
ob_start();
require ABSPATH . 'wp-settings.php';
if ( $request['install'] ) {
	require ABSPATH . 'wp-admin/includes/upgrade.php';
	wp_install( 'Tickets', 'admin', 'admin@example.test', false, '', wp_generate_password() );
}

register_post_type( 'ticket', array( 'supports' => array( 'title', 'editor' ) ) );

$results = array();
foreach ( $request['calls'] as $call ) {
	$result = call_user_func_array( array_shift( $call ), $call );
	if ( is_wp_error( $result ) ) {
		fwrite( STDERR, $result->get_error_message() . "\n" );
		exit( 1 );
	}
	$results[] = $result;
}
ob_end_clean();
echo json_encode( $results, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION );
