<?php
/** What goes with a ticket that is deleted for good: by SQL, and because the list is passed as one text, only the first post. */

add_action(
	'delete_post',
	static function ( $id ): void {
		global $wpdb;
		if ( get_post_type( $id ) === 'kbs_ticket' ) {
			set_transient( "_kbs_deleted_ticket_items_$id", $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM $wpdb->posts WHERE post_parent = %d AND post_type IN ('kbs_ticket_reply', 'kbs_log')", $id ) ), HOUR_IN_SECONDS );
		}
	}
);
add_action(
	'after_delete_post',
	static function ( $id ): void {
		global $wpdb;
		$items = get_transient( "_kbs_deleted_ticket_items_$id" );
		if ( $items !== false ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->posts WHERE ID IN (%s)", implode( ',', $items ) ) );
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->postmeta WHERE post_id IN (%s)", implode( ',', $items ) ) );
			delete_transient( "_kbs_deleted_ticket_items_$id" );
		}
	}
);
