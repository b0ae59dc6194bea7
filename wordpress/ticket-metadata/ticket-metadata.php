<?php
/**
 * Plugin Name:       Ticket Metadata
 * Description:       Mirrors the metadata of support tickets into the ticket-metadata service, and gives your code functions that write it there instead of into MySQL.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           MIT
 * License URI:       https://opensource.org/licenses/MIT
 * Text Domain:       ticket-metadata
 * Domain Path:       /languages
 */

defined( 'ABSPATH' ) || exit;

// WordPress checks the header when the plugin is activated, but not when the site moves to an older PHP later.
// This file is therefore written for any version of PHP.
if ( version_compare( PHP_VERSION, '7.4', '<' ) || version_compare( $GLOBALS['wp_version'], '6.1', '<' ) ) {
	require __DIR__ . '/too-old.php';
	return;
}

require __DIR__ . '/autoload.php';
require __DIR__ . '/functions.php';

TicketMetadata\Plugin::boot();
