<?php
/**
 * Plugin Name:       Mini Desk (for tests)
 * Description:       A help desk with one table, whose tickets the example bridge of wordpress/docs/bridges.md mirrors.
 * Version:           1.0
 * Requires PHP:      7.4
 */

defined( 'ABSPATH' ) || exit;

require_once dirname( __DIR__, 3 ) . '/examples/register-bridge.php';

function mini_desk_install(): void {
	global $wpdb;
	$wpdb->query(
		"CREATE TABLE IF NOT EXISTS {$wpdb->prefix}mini_desk_tickets (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		user_id BIGINT NOT NULL, title VARCHAR(200) NOT NULL, topic VARCHAR(50) NOT NULL, agent_id BIGINT NULL, is_done TINYINT NOT NULL DEFAULT 0, asked_at INT NOT NULL) "
		. $wpdb->get_charset_collate()
	);
}
register_activation_hook( __FILE__, 'mini_desk_install' );

function mini_desk_ask( int $user_id, string $title, string $topic ): int {
	global $wpdb;
	$wpdb->insert( "{$wpdb->prefix}mini_desk_tickets", [ 'user_id' => $user_id, 'title' => $title, 'topic' => $topic, 'asked_at' => time() ] );
	$id = $wpdb->insert_id;
	do_action( 'mini_desk_asked', $id );
	return $id;
}

/** @param array $changes of the row, such as ['is_done' => 1] */
function mini_desk_change( int $id, array $changes ): void {
	global $wpdb;
	$wpdb->update( "{$wpdb->prefix}mini_desk_tickets", $changes, [ 'id' => $id ] );
	do_action( 'mini_desk_changed', $id );
}

function mini_desk_delete( int $id ): void {
	global $wpdb;
	$wpdb->delete( "{$wpdb->prefix}mini_desk_tickets", [ 'id' => $id ] );
	do_action( 'mini_desk_changed', $id );
}
