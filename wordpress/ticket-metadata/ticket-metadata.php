<?php
/**
 * Plugin Name:       Ticket Metadata
 * Description:       Keeps the metadata of support tickets in the ticket-metadata service: Redis takes the writes, MySQL gets each ticket once.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           MIT
 * License URI:       https://opensource.org/licenses/MIT
 * Text Domain:       ticket-metadata
 * Domain Path:       /languages
 */

defined( 'ABSPATH' ) || exit;

// WordPress looks at the header when the plugin is activated, not when the site moves to an older PHP later.
// So this file alone is written for any PHP.
if ( version_compare( PHP_VERSION, '7.4', '<' ) || version_compare( $GLOBALS['wp_version'], '6.1', '<' ) ) {
	require __DIR__ . '/too-old.php';
	return;
}

require __DIR__ . '/autoload.php';
require __DIR__ . '/functions.php';

TicketMetadata\Plugin::boot();
