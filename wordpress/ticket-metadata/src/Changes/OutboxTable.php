<?php
namespace TicketMetadata\Changes;

/**
 * The table of the outbox, one per site. Created on first use, because a network can get new sites at any time. See OutboxCircuit
 * for `failures` and `retry_at`.
 */
final class OutboxTable {

	private const VERSION_OPTION = 'ticket_metadata_outbox_version';

	private const VERSION = 2;

	private const SUFFIX = 'ticket_metadata_outbox';

	public static function name(): string {
		global $wpdb;
		return $wpdb->prefix . self::SUFFIX;
	}

	public static function ensure(): void {
		if ( (int) get_option( self::VERSION_OPTION ) === self::VERSION ) {
			return;
		}
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		dbDelta( self::definition() );
		update_option( self::VERSION_OPTION, self::VERSION );
	}

	/**
	 * @param mixed $tables of a site that is being deleted
	 * @param mixed $site
	 * @return string[]
	 */
	public static function addTo( $tables, $site ): array {
		global $wpdb;
		return array_merge( is_array( $tables ) ? $tables : [], [ $wpdb->get_blog_prefix( (int) $site ) . self::SUFFIX ] );
	}

	/** Makes the next use check for the table and create it if it is missing. */
	public static function forget(): void {
		delete_option( self::VERSION_OPTION );
		// If another PHP request created the table, WordPress has the option in its cache.
		wp_cache_delete( self::VERSION_OPTION, 'options' );
	}

	/** In dbDelta()'s format: types as DESCRIBE prints them, one column per line. */
	private static function definition(): string {
		global $wpdb;
		$name    = self::name();
		$charset = $wpdb->get_charset_collate();
		return "CREATE TABLE $name (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  source varchar(32) NOT NULL,
  ticket_id bigint(20) unsigned NOT NULL,
  fields longtext NOT NULL,
  revision bigint(20) unsigned NOT NULL,
  added_at bigint(20) unsigned NOT NULL,
  due_at bigint(20) unsigned NOT NULL,
  refusals int(10) unsigned NOT NULL,
  error_code varchar(64) NOT NULL,
  error_detail varchar(500) NOT NULL,
  failures int(10) unsigned NOT NULL DEFAULT '0',
  retry_at bigint(20) unsigned NOT NULL DEFAULT '0',
  PRIMARY KEY  (id),
  UNIQUE KEY ticket (source,ticket_id),
  KEY refusals (refusals),
  KEY circuit (retry_at,failures)
) $charset;";
	}
}
