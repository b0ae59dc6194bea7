<?php
namespace TicketMetadata\Changes;

/** A lock that one PHP process of a site holds at a time. The database releases it when the process dies. */
final class DatabaseLock {

	private string $name;

	public function __construct( string $name ) {
		$this->name = self::nameOf( $name );
	}

	/** @return string its name in the database. MySQL's are global to the server and at most 64 characters long. */
	public static function nameOf( string $name ): string {
		global $wpdb;
		return 'ticket_metadata_' . md5( DB_NAME . "/$wpdb->prefix/$name" );
	}

	/** @return bool false: another process holds it */
	public function take(): bool {
		global $wpdb;
		return $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 0)', $this->name ) ) === '1';
	}

	public function release(): void {
		global $wpdb;
		$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $this->name ) );
	}
}
