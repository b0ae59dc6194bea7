<?php
/**
 * Plugin Name:       KB Support (stand-in for tests)
 * Description:       Keeps tickets as KB Support does. For tests of bridges; no help desk.
 * Version:           1.6
 * Requires PHP:      7.4
 *
 * Our own code. What it imitates was read in the sources of KB Support 1.5 and 1.6: the names of its functions, hooks, post
 * types, statuses, taxonomies, tables and meta keys; which arguments a hook has; and in which order posts, meta and terms
 * are written and hooks run. Not imitated: pages, nonces of the front end, e-mail, service levels, files, articles, companies.
 */

defined( 'ABSPATH' ) || exit;

define( 'KBS_VERSION', '1.6.1' );

require __DIR__ . '/setup.php';
require __DIR__ . '/class-kbs-ticket.php';
require __DIR__ . '/tickets.php';
require __DIR__ . '/class-kbs-customer.php';
require __DIR__ . '/customers.php';
require __DIR__ . '/admin.php';
require __DIR__ . '/removal.php';

register_activation_hook( __FILE__, 'kbs_install' );

// Who activates a plugin loads it after init.
if ( did_action( 'init' ) ) {
	kb_support_register();
} else {
	add_action( 'init', 'kb_support_register' );
}
