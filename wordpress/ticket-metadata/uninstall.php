<?php
/**
 * Removes what the plugin has stored on every site: options, the outbox and events of WP-Cron. The service keeps its
 * tickets.
 *
 * WordPress runs this file without the plugin. It is written for any version of PHP, so that the plugin can be removed
 * from a site that has become too old for it.
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/** Removes it from the current site. */
function ticket_metadata_uninstall_site() {
	global $wpdb;

	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}ticket_metadata_outbox" );

	// By name pattern, because some options are created on demand: settings, versions, counts, and state that PHP requests share.
	$names = $wpdb->get_col(
		$wpdb->prepare(
			"SELECT option_name FROM $wpdb->options WHERE option_name = 'ticket_metadata' OR option_name LIKE %s OR option_name LIKE %s OR option_name LIKE %s",
			$wpdb->esc_like( 'ticket_metadata_' ) . '%',
			$wpdb->esc_like( '_transient_ticket_metadata_' ) . '%',
			$wpdb->esc_like( '_transient_timeout_ticket_metadata_' ) . '%'
		)
	);
	// Which help desk uses which range of ids at the service. Without it, a new installation could give a ticket another ticket's id.
	if ( count( (array) get_option( 'ticket_metadata_help_desks' ) ) > 1 ) {
		$names = array_diff( $names, array( 'ticket_metadata_help_desks' ) );
	}
	array_map( 'delete_option', $names );

	wp_unschedule_hook( 'ticket_metadata_replay' );
}

if ( is_multisite() ) {
	$ticket_metadata_sites = get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	);
	foreach ( $ticket_metadata_sites as $ticket_metadata_site ) {
		switch_to_blog( $ticket_metadata_site );
		ticket_metadata_uninstall_site();
		restore_current_blog();
		// Which of the site's settings a network administrator approved.
		delete_site_option( 'ticket_metadata_approved_' . $ticket_metadata_site );
	}
} else {
	ticket_metadata_uninstall_site();
}
