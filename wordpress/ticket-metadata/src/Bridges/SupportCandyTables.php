<?php
namespace TicketMetadata\Bridges;

/** SupportCandy's tables. Its own classes cache by id alone, which mixes up the sites of a network. */
final class SupportCandyTables {

	private const COLUMNS = 'id, is_active, customer, subject, status, priority, category, source, assigned_agent, date_created';

	/** The first version with an archive. */
	private const ARCHIVE_SINCE = '3.4';

	private string $prefix;

	/** @var string[] the live tickets, and since 3.4 the archived ones, which keep their ids */
	private array $tables;

	public function __construct() {
		global $wpdb;
		$this->prefix = $wpdb->prefix . 'psmsc_';
		$this->tables = [ $this->prefix . 'tickets' ];
		$archive      = $this->prefix . 'archived_tickets';
		// The version whose tables this site has: on a network, sites are upgraded one by one.
		$isUpgraded = version_compare( (string) get_option( 'wpsc_current_version' ), self::ARCHIVE_SINCE, '>=' );
		if ( $isUpgraded || Rows::of( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $archive ) ) ) ) {
			$this->tables[] = $archive;
		}
	}

	/**
	 * In one statement, so that a ticket that is being archived is found in one of the two tables.
	 *
	 * @param int[] $ids
	 * @return array<int, \stdClass> by id, with the user who is the customer and the one who is assigned, the names of category and
	 *   priority, and whether the status is in SupportCandy's list
	 */
	public function tickets( array $ids ): array {
		$list  = Rows::list( $ids );
		$parts = [];
		foreach ( $this->tables as $isArchived => $table ) {
			$parts[] = 'SELECT ' . self::COLUMNS . ", $isArchived AS is_archived FROM $table WHERE id IN ($list)";
		}
		// A ticket has an ordered list of agents, of which the first counts who is a user. Some of them are groups.
		$place = "FIND_IN_SET(a.id, REPLACE(t.assigned_agent, '|', ','))";
		$rows  = Rows::of(
			"SELECT t.*, c.user, g.name AS category, p.name AS priority, s.id AS listed_status,
			(SELECT a.user FROM {$this->prefix}agents a WHERE $place > 0 AND a.is_agentgroup = 0 AND a.user > 0 ORDER BY $place LIMIT 1) AS assignee
			FROM (" . implode( ' UNION ALL ', $parts ) . ") t
			LEFT JOIN {$this->prefix}customers c ON c.id = t.customer
			LEFT JOIN {$this->prefix}categories g ON g.id = t.category
			LEFT JOIN {$this->prefix}priorities p ON p.id = t.priority
			LEFT JOIN {$this->prefix}statuses s ON s.id = t.status
			ORDER BY t.is_archived"
		);
		$tickets = [];
		foreach ( $rows as $row ) {
			// If archiving was interrupted, the live ticket counts.
			$tickets[ (int) $row->id ] ??= $row;
		}
		return $tickets;
	}

	/**
	 * @param int[] $ids
	 * @return array<int, \stdClass> by id: when a ticket changed and was closed, in UTC; zeros for never
	 */
	public function dates( array $ids ): array {
		$parts = [];
		foreach ( $this->tables as $isArchived => $table ) {
			$parts[] = "SELECT id, date_updated, date_closed, $isArchived AS is_archived FROM $table WHERE id IN (" . Rows::list( $ids ) . ')';
		}
		$dates = [];
		foreach ( Rows::of( implode( ' UNION ALL ', $parts ) . ' ORDER BY is_archived' ) as $row ) {
			$dates[ (int) $row->id ] ??= $row;
		}
		return $dates;
	}

	/** @return int[] */
	public function ids( int $after, int $limit ): array {
		return $this->idsWhere( '1 = 1', $after, $limit );
	}

	public function count(): int {
		$parts = [];
		foreach ( $this->tables as $table ) {
			$parts[] = "SELECT id FROM $table";
		}
		return Rows::ids( 'SELECT COUNT(*) FROM (' . implode( ' UNION ', $parts ) . ') t' )[0];
	}

	/** @return int[] */
	public function idsOfPerson( string $email, int $after, int $limit ): array {
		global $wpdb;
		$user = get_user_by( 'email', $email );
		// A user's address in WordPress may be newer than SupportCandy's copy.
		return $this->idsBy( 'customer', $this->customers( $wpdb->prepare( 'email = %s OR (user > 0 AND user = %d)', $email, $user ? $user->ID : 0 ) ), $after, $limit );
	}

	/** @return int[] of tickets of a WordPress user */
	public function idsOfUser( int $user, int $after, int $limit ): array {
		return $this->idsBy( 'customer', $this->customers( "user > 0 AND user = $user" ), $after, $limit );
	}

	/** @return int[] of tickets of a WordPress user, and of tickets assigned to the agent who is this user */
	public function idsOfNewUser( int $user, int $after, int $limit ): array {
		$conditions = array_map( [ self::class, 'isWith' ], Rows::ids( "SELECT id FROM {$this->prefix}agents WHERE user > 0 AND user = $user" ) );
		foreach ( $this->customers( "user > 0 AND user = $user" ) as $customer ) {
			$conditions[] = "customer = $customer";
		}
		return $conditions ? $this->idsWhere( '(' . implode( ' OR ', $conditions ) . ')', $after, $limit ) : [];
	}

	/** @return int[] of tickets whose list of agents contains the agent */
	public function idsOfAgent( int $agent, int $after, int $limit ): array {
		return $agent > 0 ? $this->idsWhere( self::isWith( $agent ), $after, $limit ) : [];
	}

	/**
	 * @param string $column category, priority, status or customer
	 * @param int[]  $values
	 * @return int[]
	 */
	public function idsBy( string $column, array $values, int $after, int $limit ): array {
		return $values ? $this->idsWhere( "$column IN (" . Rows::list( $values ) . ')', $after, $limit ) : [];
	}

	private static function isWith( int $agent ): string {
		return "FIND_IN_SET($agent, REPLACE(assigned_agent, '|', ','))";
	}

	/** @return int[] SupportCandy's ids */
	private function customers( string $condition ): array {
		return Rows::ids( "SELECT id FROM {$this->prefix}customers WHERE $condition" );
	}

	/** @return int[] */
	private function idsWhere( string $condition, int $after, int $limit ): array {
		global $wpdb;
		$parts = [];
		foreach ( $this->tables as $number => $table ) {
			$parts[] = $wpdb->prepare( "SELECT id FROM (SELECT id FROM $table WHERE $condition AND id > %d ORDER BY id LIMIT %d) t$number", $after, $limit );
		}
		return Rows::ids( implode( ' UNION ', $parts ) . $wpdb->prepare( ' ORDER BY id LIMIT %d', $limit ) );
	}
}
