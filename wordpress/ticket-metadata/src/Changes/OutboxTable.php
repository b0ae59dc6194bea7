<?php
namespace TicketMetadata\Changes;

/** Where tickets wait: one table for each site. Made when it is first needed, as a network gets sites at any time. */
final class OutboxTable {

	private const VERSION_OPTION = 'ticket_metadata_outbox_version';

	private const VERSION = 1;

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
	 * @param mixed $tables of a site that is to be deleted
	 * @param mixed $site
	 * @return string[]
	 */
	public static function addTo( $tables, $site ): array {
		global $wpdb;
		return array_merge( is_array( $tables ) ? $tables : [], [ $wpdb->get_blog_prefix( (int) $site ) . self::SUFFIX ] );
	}

	/** The next one who needs it makes it again, if it is not there. */
	public static function forget(): void {
		delete_option( self::VERSION_OPTION );
		// Where another PHP request has made the table, WordPress has read the option alone, and keeps it so.
		wp_cache_delete( self::VERSION_OPTION, 'options' );
	}

	/** As dbDelta() wants it: types as DESCRIBE prints them, and one line for each. */
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
  PRIMARY KEY  (id),
  UNIQUE KEY ticket (source,ticket_id),
  KEY refusals (refusals)
) $charset;";
	}
}
