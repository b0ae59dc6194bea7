<?php
/** All open tickets of an agent, oldest first. */
function my_desk_tickets_of( int $agent_id ): array {
	$tickets = [];
	$args    = [ 'sort' => 'created_at' ];
	do {
		$page = ticket_metadata_find( [ 'status' => [ 'open', 'pending' ], 'assigned_to' => $agent_id ], $args );
		if ( is_wp_error( $page ) ) {
			return [];
		}
		array_push( $tickets, ...$page['tickets'] );
		$args['cursor'] = $page['next_cursor'];
	} while ( $page['has_more'] );
	return $tickets;
}

/** How many tickets wait for somebody to take them. */
function my_desk_unassigned(): int {
	$counts = ticket_metadata_counts( 'status', [ 'assigned_to' => 'none', 'status' => 'open' ] );
	return is_wp_error( $counts ) ? 0 : $counts['counts']['open'] ?? 0;
}
