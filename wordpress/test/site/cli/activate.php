<?php
/**
 * Activates plugins, in a network for all its sites: one of them is there before, one comes afterwards. Then the people.
 * php activate.php DIRECTORY HOST PLUGIN...
 */

$_SERVER['HTTP_HOST']   = $argv[2];
$_SERVER['REQUEST_URI'] = '/';
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

/**
 * @param mixed $result
 * @return mixed
 */
function must_succeed( $result ) {
	if ( is_wp_error( $result ) ) {
		fwrite( STDERR, $result->get_error_message() . "\n" );
		exit( 1 );
	}
	return $result;
}

function add_site( string $host, string $path ): void {
	must_succeed( wp_insert_site( array( 'domain' => $host, 'path' => $path, 'network_id' => 1, 'user_id' => 1, 'title' => $path ) ) );
}

/** Two customers with the ids 2 and 3, and three agents with 4 to 6. */
function add_people(): array {
	$roles = array();
	foreach ( array( 'wpas_user', 'wpas_user', 'administrator', 'administrator', 'administrator' ) as $role ) {
		$number       = count( $roles ) + 2;
		$id           = must_succeed( wp_insert_user( array( 'user_login' => "user-$number", 'user_email' => "user-$number@example.test", 'user_pass' => wp_generate_password(), 'role' => $role ) ) );
		$roles[ $id ] = $role;
	}
	return $roles;
}

if ( is_multisite() ) {
	add_site( $argv[2], '/second/' );
}
foreach ( array_slice( $argv, 3 ) as $plugin ) {
	must_succeed( activate_plugin( $plugin, '', is_multisite() ) );
}
$roles = add_people();

if ( is_multisite() ) {
	add_site( $argv[2], '/third/' );
	foreach ( get_sites( array( 'fields' => 'ids', 'site__not_in' => array( 1 ) ) ) as $site ) {
		switch_to_blog( $site );
		// The help desks' activation knows of one site only.
		wpas_install();
		kbs_install();
		foreach ( $roles as $user => $role ) {
			must_succeed( add_user_to_blog( $site, $user, $role ) );
		}
		restore_current_blog();
	}
}
