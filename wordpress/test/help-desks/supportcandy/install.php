<?php
/** Its tables, and what is in them and in its options when it is new. */

function supportcandy_install(): void {
	global $wpdb;
	$ticket = "id BIGINT NOT NULL AUTO_INCREMENT,
		is_active INT(1) NOT NULL DEFAULT '1',
		customer BIGINT NOT NULL,
		subject TEXT NOT NULL,
		status INT NOT NULL,
		priority INT NOT NULL,
		category INT NOT NULL,
		assigned_agent TEXT NULL,
		date_created DATETIME NOT NULL,
		date_updated DATETIME NOT NULL,
		agent_created INT DEFAULT NULL,
		ip_address VARCHAR(50) DEFAULT NULL,
		source VARCHAR(50) DEFAULT NULL,
		browser VARCHAR(50) DEFAULT NULL,
		os VARCHAR(50) DEFAULT NULL,
		add_recipients TEXT NULL,
		prev_assignee TEXT NULL,
		date_closed DATETIME DEFAULT NULL,
		user_type VARCHAR(100) NOT NULL,
		last_reply_on DATETIME DEFAULT NULL,
		last_reply_by BIGINT NOT NULL DEFAULT 0,
		last_reply_source VARCHAR(50) DEFAULT NULL,
		auth_code VARCHAR(50) DEFAULT NULL,
		tags TINYTEXT NULL DEFAULT NULL,
		live_agents TINYTEXT NULL DEFAULT NULL,
		misc LONGTEXT NULL";
	$thread = 'id BIGINT NOT NULL AUTO_INCREMENT, ticket BIGINT NOT NULL, is_active INT(1) NOT NULL DEFAULT 1, customer BIGINT NULL,
		type VARCHAR(50) NOT NULL, body LONGTEXT NOT NULL, date_created DATETIME NOT NULL, date_updated DATETIME NOT NULL';
	$colour = "id BIGINT NOT NULL AUTO_INCREMENT, name VARCHAR(200) NOT NULL, color VARCHAR(50) NOT NULL DEFAULT '', bg_color VARCHAR(50) NOT NULL DEFAULT '', load_order INT NOT NULL DEFAULT 1";
	$tables = [
		'tickets'          => $ticket,
		'archived_tickets' => $ticket,
		'threads'          => $thread,
		'archived_threads' => $thread,
		'statuses'         => $colour,
		'priorities'       => $colour,
		'categories'       => 'id BIGINT NOT NULL AUTO_INCREMENT, name VARCHAR(200) NOT NULL, load_order INT NOT NULL DEFAULT 1',
		'customers'        => "id BIGINT NOT NULL AUTO_INCREMENT, user BIGINT NOT NULL, ticket_count INT NOT NULL DEFAULT '0', name VARCHAR(200) NOT NULL, email VARCHAR(200) NOT NULL",
		'agents'           => 'id BIGINT NOT NULL AUTO_INCREMENT, user BIGINT NULL DEFAULT 0, customer BIGINT NULL DEFAULT 0, role INT NOT NULL DEFAULT 0, name VARCHAR(200) NOT NULL,
			workload INT NULL DEFAULT NULL, unresolved_count INT NULL DEFAULT NULL, is_agentgroup INT(1) NOT NULL DEFAULT 0, is_active INT(1) NOT NULL DEFAULT 0',
	];
	foreach ( $tables as $name => $columns ) {
		$wpdb->query( "CREATE TABLE IF NOT EXISTS {$wpdb->prefix}psmsc_$name ($columns, PRIMARY KEY (id)) " . $wpdb->get_charset_collate() );
	}
	$rows = [
		'statuses'   => [ 'Open', 'Awaiting customer reply', 'Awaiting agent reply', 'Closed' ],
		'priorities' => [ 'Low', 'Medium', 'High' ],
		'categories' => [ 'General' ],
	];
	foreach ( $rows as $table => $names ) {
		foreach ( $names as $number => $name ) {
			$wpdb->replace( "{$wpdb->prefix}psmsc_$table", [ 'id' => $number + 1, 'name' => $name, 'load_order' => $number + 1 ] );
		}
	}
	update_option( 'wpsc-gs-general', [ 'close-ticket-status' => 4, 'ticket-status-after-agent-reply' => 2, 'ticket-status-after-customer-reply' => 3 ] );
	update_option( 'wpsc-tl-ms-advanced', [ 'closed-ticket-statuses' => [ 4 ] ] );
	update_option( 'wpsc_current_version', WPSC_VERSION );
}
