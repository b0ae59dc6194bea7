<?php
/**
 * Plugin Name:       Awesome Support (stand-in for tests)
 * Description:       Keeps tickets as Awesome Support does. For tests of bridges; no help desk.
 * Version:           6.2
 * Requires PHP:      7.4
 *
 * Our own code. What it imitates was read in the sources of Awesome Support 5 and 6: the names of its functions, hooks,
 * post types, states, taxonomies and meta keys; which arguments a hook has; and in which order posts and meta are
 * written and hooks run. Not imitated: pages, nonces of the front end, e-mail, settings, choosing an agent by load.
 */

defined( 'ABSPATH' ) || exit;

define( 'WPAS_VERSION', '6.2.0' );

require __DIR__ . '/tickets.php';
require __DIR__ . '/replies.php';
require __DIR__ . '/rest.php';
require __DIR__ . '/admin.php';

// As there: the edit screen's code does nothing in REST, AJAX and cron.
if ( is_admin() && ! wp_doing_ajax() ) {
	awesome_support_admin();
}

/** Who may do what; without it no ticket can be opened. */
function wpas_install(): void {
	foreach ( [ 'create_ticket', 'edit_ticket', 'close_ticket', 'reply_ticket', 'view_ticket' ] as $capability ) {
		get_role( 'administrator' )->add_cap( $capability );
	}
	if ( ! get_role( 'wpas_user' ) ) {
		add_role( 'wpas_user', 'Support User', [ 'read' => true ] );
	}
	foreach ( [ 'create_ticket', 'close_ticket', 'reply_ticket', 'view_ticket' ] as $capability ) {
		get_role( 'wpas_user' )->add_cap( $capability );
	}
}
register_activation_hook( __FILE__, 'wpas_install' );

/** The real ones register departments and priorities only where the site has switched them on; so does the option here. */
function awesome_support_register(): void {
	foreach ( [ 'ticket', 'ticket_reply', 'ticket_history', 'ticket_log' ] as $type ) {
		register_post_type( $type, [ 'label' => $type, 'supports' => [ 'title', 'editor', 'author' ] ] );
	}
	foreach ( [ 'read' => 'Read', 'unread' => 'Unread' ] + wpas_get_post_status() as $status => $label ) {
		register_post_status( $status, [ 'label' => $label, 'public' => true ] );
	}
	register_taxonomy( 'ticket_channel', 'ticket' );
	if ( get_option( 'awesome_support_taxonomies', true ) ) {
		register_taxonomy( 'department', 'ticket', [ 'hierarchical' => true ] );
		register_taxonomy( 'ticket_priority', 'ticket', [ 'hierarchical' => true ] );
	}
}
// Who activates a plugin loads it after init.
if ( did_action( 'init' ) ) {
	awesome_support_register();
} else {
	add_action( 'init', 'awesome_support_register' );
}
