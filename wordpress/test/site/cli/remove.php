<?php
/**
 * Does what WordPress does when the plugin is deactivated in the whole network, or before its files are deleted, but
 * leaves it in the list of active ones: php remove.php DIRECTORY HOST deactivate|uninstall
 */

$_SERVER['HTTP_HOST']   = $argv[2];
$_SERVER['REQUEST_URI'] = '/';
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

if ( $argv[3] === 'deactivate' ) {
	do_action( 'deactivate_ticket-metadata/ticket-metadata.php', true );
} else {
	uninstall_plugin( 'ticket-metadata/ticket-metadata.php' );
}
