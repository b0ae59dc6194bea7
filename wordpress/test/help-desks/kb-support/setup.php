<?php
/** Its post types, statuses, taxonomies and tables, and who may do what. */

function kbs_install(): void {
	global $wpdb;
	$wpdb->query(
		"CREATE TABLE IF NOT EXISTS {$wpdb->prefix}kbs_customers (id BIGINT NOT NULL AUTO_INCREMENT, user_id BIGINT NOT NULL, email VARCHAR(50) NOT NULL,
		name MEDIUMTEXT NOT NULL, company_id BIGINT NOT NULL, ticket_count BIGINT NOT NULL, ticket_ids LONGTEXT NOT NULL, notes LONGTEXT NOT NULL,
		date_created DATETIME NOT NULL, PRIMARY KEY (id), UNIQUE KEY email (email), KEY user (user_id), KEY company_id (company_id)) CHARACTER SET utf8 COLLATE utf8_general_ci"
	);
	$wpdb->query(
		"CREATE TABLE IF NOT EXISTS {$wpdb->prefix}kbs_customermeta (meta_id BIGINT NOT NULL AUTO_INCREMENT, kbs_customer_id BIGINT NOT NULL, meta_key VARCHAR(255) DEFAULT NULL,
		meta_value LONGTEXT, PRIMARY KEY (meta_id), KEY customer_id (kbs_customer_id), KEY meta_key (meta_key(191))) CHARACTER SET utf8 COLLATE utf8_general_ci"
	);
	kb_support_register();
	foreach ( [ 'kbs-website' => 'Website', 'kbs-email' => 'Email', 'kbs-telephone' => 'Telephone', 'kbs-other' => 'Other' ] as $slug => $name ) {
		if ( ! term_exists( $slug, 'ticket_source' ) ) {
			wp_insert_term( $name, 'ticket_source', [ 'slug' => $slug ] );
		}
	}
	foreach ( [ 'support_agent', 'support_customer' ] as $role ) {
		if ( ! get_role( $role ) ) {
			add_role( $role, $role, [ 'read' => true ] );
		}
	}
}

/** One of the statuses is really named "new". */
function kb_support_register(): void {
	register_post_type( 'kbs_ticket', [ 'label' => 'Tickets', 'supports' => [ 'title', 'editor' ] ] );
	register_post_type( 'kbs_ticket_reply', [ 'label' => 'Replies', 'supports' => [] ] );
	register_post_type( 'kbs_log', [ 'label' => 'Logs', 'supports' => [ 'title' ] ] );
	foreach ( [ 'new' => 'New', 'open' => 'Open', 'hold' => 'On Hold', 'closed' => 'Closed' ] as $status => $label ) {
		register_post_status( $status, [ 'label' => $label, 'public' => true, 'kb-support' => true, 'kbs_select_allowed' => $status !== 'new' ] );
	}
	register_taxonomy( 'ticket_category', 'kbs_ticket', [ 'hierarchical' => true ] );
	register_taxonomy( 'ticket_tag', 'kbs_ticket' );
	register_taxonomy( 'ticket_source', [ 'kbs_ticket', 'kbs_ticket_reply' ] );
	register_taxonomy( 'kbs_log_type', 'kbs_log' );
	// The real one registers departments only where the site has switched them on; so does the option here.
	if ( get_option( 'kb_support_departments', true ) ) {
		register_taxonomy( 'department', 'kbs_ticket', [ 'hierarchical' => true ] );
	}
}

/** @return string[] */
function kbs_get_inactive_ticket_statuses() {
	return apply_filters( 'kbs_inactive_ticket_statuses', [ 'closed' ] );
}

/** @return string[] labels. Version 1.6 sorts them so that they lose their keys. */
function kbs_get_ticket_statuses(): array {
	$labels = wp_list_pluck( get_post_stati( [ 'kb-support' => true ], 'objects' ), 'label' );
	sort( $labels );
	return $labels;
}

function kbs_is_agent( int $user = 0 ): bool {
	$roles = get_userdata( $user ?: get_current_user_id() )->roles ?? [];
	return (bool) array_intersect( [ 'support_agent', 'administrator' ], $roles );
}
