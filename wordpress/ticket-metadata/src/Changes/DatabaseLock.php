<?php
namespace TicketMetadata\Changes;

/** Held by one PHP process of a site at a time. The database lets go of it when the process dies. */
final class DatabaseLock {

	private string $name;

	public function __construct( string $name ) {
		global $wpdb;
		// MySQL's locks are the whole server's, and their names at most 64 characters.
		$this->name = 'ticket_metadata_' . md5( DB_NAME . "/$wpdb->prefix/$name" );
	}

	/** @return bool false: somebody has it */
	public function take(): bool {
		global $wpdb;
		return $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 0)', $this->name ) ) === '1';
	}

	public function release(): void {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $this->name ) );
	}
}
