<?php
/** Installs WordPress: php install.php DIRECTORY HOST [network] */

define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST'] = $argv[2];

require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Tickets', 'admin', 'admin@example.test', false, '', wp_generate_password() );

if ( isset( $argv[3] ) ) {
	foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) {
		$wpdb->$name = $table;
	}
	install_network();
	$result = populate_network( 1, $argv[2], 'admin@example.test', 'Tickets', '/', false );
	if ( is_wp_error( $result ) ) {
		fwrite( STDERR, $result->get_error_message() . "\n" );
		exit( 1 );
	}
}
