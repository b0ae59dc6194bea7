<?php
namespace TicketMetadata\Test\Site;

/** The database of the sites, which is the service's too. */
final class Database {

	/** Columns that hold a time, in UTC. */
	private const TIMES = [ 'created_at', 'updated_at', 'closed_at' ];

	private \mysqli $mysqli;

	public function __construct() {
		mysqli_report( MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT );
		[ $host, $port ] = explode( ':', getenv( 'WORDPRESS_DB_HOST' ) );
		$this->mysqli    = mysqli_init();
		$this->mysqli->options( MYSQLI_OPT_INT_AND_FLOAT_NATIVE, 1 );
		$this->mysqli->real_connect( $host, getenv( 'WORDPRESS_DB_USER' ), getenv( 'WORDPRESS_DB_PASSWORD' ), getenv( 'WORDPRESS_DB_NAME' ), (int) $port );
		$this->mysqli->set_charset( 'utf8mb4' );
	}

	/** @return array<int, array> the service's rows by ticket, times as Unix seconds */
	public function rows( array $ids ): array {
		$rows = $this->query( 'SELECT * FROM wp_support_tickets WHERE ticket_id IN (' . implode( ',', $ids ) . ')' );
		foreach ( $rows as &$row ) {
			foreach ( self::TIMES as $name ) {
				$row[ $name ] = $row[ $name ] === null ? null : strtotime( $row[ $name ] . ' UTC' );
			}
		}
		return array_column( $rows, null, 'ticket_id' );
	}

	/** @return int write statements of all since the server was started */
	public function writes(): int {
		$counters = $this->query( "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update', 'Com_delete')" );
		return (int) array_sum( array_column( $counters, 'Value' ) );
	}

	/** @return array[] the rows of the outbox, oldest first */
	public function outbox( string $prefix ): array {
		$table = "{$prefix}ticket_metadata_outbox";
		// The table is created when something has to wait.
		return $this->has( $table ) ? $this->query( "SELECT * FROM $table ORDER BY id" ) : [];
	}

	/** As if nothing had happened: no circuit is open, nothing waits, a help desk has no tickets. */
	public function forget( string $prefix ): void {
		$this->query( "DELETE FROM {$prefix}options WHERE option_name LIKE 'ticket\\_metadata\\_state\\_%' OR option_name LIKE '%transient\\_doing\\_cron'" );
		$this->query( "DELETE meta FROM {$prefix}postmeta meta JOIN {$prefix}posts post ON post.ID = meta.post_id WHERE post.post_type LIKE 'ticket%' OR post.post_type LIKE 'kbs%'" );
		$this->query( "DELETE FROM {$prefix}posts WHERE post_type LIKE 'ticket%' OR post_type LIKE 'kbs%'" );
		foreach ( [ 'psmsc_tickets', 'ticket_metadata_outbox' ] as $table ) {
			if ( $this->has( $prefix . $table ) ) {
				$this->query( "DELETE FROM $prefix$table" );
			}
		}
	}

	/** Where no other test, and none of an earlier run, has had its ids. */
	public static function newIds(): int {
		return random_int( 1, 90000 ) * 1000000;
	}

	/** In the form that WordPress makes its own of when somebody logs in. */
	public function setPassword( string $prefix, string $user, string $password ): void {
		$this->query( "UPDATE {$prefix}users SET user_pass = MD5('$password') WHERE user_login = '$user'" );
	}

	/** @return array the plugin's settings as they are stored */
	public function settings( string $prefix ): array {
		$rows = $this->query( "SELECT option_value FROM {$prefix}options WHERE option_name = 'ticket_metadata'" );
		return $rows === [] ? [] : unserialize( $rows[0]['option_value'], [ 'allowed_classes' => false ] );
	}

	public function forgetSettings( string $prefix ): void {
		$this->query( "DELETE FROM {$prefix}options WHERE option_name = 'ticket_metadata'" );
	}

	/** @return string[] what the network keeps of the plugin */
	public function approvals( string $prefix ): array {
		return array_column( $this->query( "SELECT meta_key FROM {$prefix}sitemeta WHERE meta_key LIKE 'ticket\\_metadata%'" ), 'meta_key' );
	}

	public function forgetApprovals( string $prefix ): void {
		$this->query( "DELETE FROM {$prefix}sitemeta WHERE meta_key LIKE 'ticket\\_metadata%'" );
	}

	/** @return string[] what a site keeps of the plugin: options, events, its table */
	public function traces( string $prefix ): array {
		$options = $this->query( "SELECT option_name FROM {$prefix}options WHERE option_name LIKE '%ticket\\_metadata%' OR (option_name = 'cron' AND option_value LIKE '%ticket\\_metadata%')" );
		return array_merge( array_column( $options, 'option_name' ), $this->has( "{$prefix}ticket_metadata_outbox" ) ? [ 'outbox' ] : [] );
	}

	/** The ids that tickets of the help desks get from now on. */
	public function beginAt( int $id, string $prefix ): void {
		foreach ( array_filter( [ "{$prefix}posts", "{$prefix}psmsc_tickets" ], [ $this, 'has' ] ) as $table ) {
			$this->query( "ALTER TABLE $table AUTO_INCREMENT = $id" );
		}
	}

	private function has( string $table ): bool {
		return $this->query( "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '$table'" ) !== [];
	}

	/** @return array[] */
	private function query( string $sql ): array {
		$result = $this->mysqli->query( $sql );
		return $result instanceof \mysqli_result ? $result->fetch_all( MYSQLI_ASSOC ) : [];
	}
}
