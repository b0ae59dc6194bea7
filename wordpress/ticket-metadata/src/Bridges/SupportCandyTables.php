<?php
namespace TicketMetadata\Bridges;

/** SupportCandy's tables. Its own classes keep what they have read by id alone, which on a network is another site's. */
final class SupportCandyTables {

	private const COLUMNS = 'id, is_active, customer, subject, status, priority, category, assigned_agent, date_created';

	private string $prefix;

	/** @var string[] the live tickets, and from 3.4 on the archived ones, which have moved there with their ids */
	private array $tables;

	public function __construct() {
		global $wpdb;
		$this->prefix = $wpdb->prefix . 'psmsc_';
		$this->tables = [ $this->prefix . 'tickets' ];
		$archive      = $this->prefix . 'archived_tickets';
		if ( Rows::of( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $archive ) ) ) ) {
			$this->tables[] = $archive;
		}
	}

	/**
	 * In one statement, so that a ticket that moves at the same time is seen in one of its places.
	 *
	 * @param int[] $ids
	 * @return array<int, \stdClass> by id
	 */
	public function tickets( array $ids ): array {
		$list  = Rows::list( $ids );
		$parts = [];
		foreach ( $this->tables as $isArchived => $table ) {
			$parts[] = 'SELECT ' . self::COLUMNS . ", $isArchived AS is_archived FROM $table WHERE id IN ($list)";
		}
		$rows = Rows::of(
			'SELECT t.*, c.user, g.name AS category, p.name AS priority FROM (' . implode( ' UNION ALL ', $parts ) . ") t
			LEFT JOIN {$this->prefix}customers c ON c.id = t.customer
			LEFT JOIN {$this->prefix}categories g ON g.id = t.category
			LEFT JOIN {$this->prefix}priorities p ON p.id = t.priority
			ORDER BY t.is_archived"
		);
		$tickets = [];
		foreach ( $rows as $row ) {
			// Where a move was interrupted, the live one counts.
			$tickets[ (int) $row->id ] ??= $row;
		}
		return $tickets;
	}

	/**
	 * A ticket has any number of agents, in an order, and some are groups, which are no user.
	 *
	 * @param array<int, \stdClass> $tickets
	 * @return array<int, int> the user of the first who is one, by the ticket's id
	 */
	public function usersOfAgents( array $tickets ): array {
		$agents = [];
		foreach ( $tickets as $id => $ticket ) {
			$agents[ $id ] = array_filter( array_map( 'intval', explode( '|', (string) $ticket->assigned_agent ) ) );
		}
		$list   = Rows::list( array_merge( [], ...array_values( $agents ) ) );
		$people = [];
		foreach ( Rows::of( "SELECT id, user FROM {$this->prefix}agents WHERE id IN ($list) AND is_agentgroup = 0 AND user > 0" ) as $row ) {
			$people[ (int) $row->id ] = (int) $row->user;
		}
		$users = [];
		foreach ( $agents as $id => $ofTicket ) {
			foreach ( $ofTicket as $agent ) {
				if ( isset( $people[ $agent ] ) ) {
					$users[ $id ] ??= $people[ $agent ];
				}
			}
		}
		return $users;
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
		// A user's address in WordPress may be newer than the one that SupportCandy has noted.
		$customers = Rows::ids( $wpdb->prepare( "SELECT id FROM {$this->prefix}customers WHERE email = %s OR (user > 0 AND user = %d)", $email, $user ? $user->ID : 0 ) );
		return $customers ? $this->idsWhere( 'customer IN (' . Rows::list( $customers ) . ')', $after, $limit ) : [];
	}

	/** @return int[] of all tickets of a user of WordPress */
	public function idsOfUser( int $user ): array {
		global $wpdb;
		$customers = Rows::ids( $wpdb->prepare( "SELECT id FROM {$this->prefix}customers WHERE user > 0 AND user = %d", $user ) );
		return $this->idsBy( 'customer', $customers );
	}

	/** @return int[] of all tickets that are with an agent who is this user of WordPress */
	public function idsOfAgentOf( int $user ): array {
		global $wpdb;
		return $this->idsOfAgents( Rows::ids( $wpdb->prepare( "SELECT id FROM {$this->prefix}agents WHERE user > 0 AND user = %d", $user ) ) );
	}

	/**
	 * @param int[] $agents SupportCandy's
	 * @return int[]
	 */
	public function idsOfAgents( array $agents ): array {
		$conditions = array_map( static fn( int $agent ): string => "FIND_IN_SET($agent, REPLACE(assigned_agent, '|', ','))", $agents );
		return $conditions ? $this->idsWhere( '(' . implode( ' OR ', $conditions ) . ')', 0, PHP_INT_MAX ) : [];
	}

	/**
	 * @param string $column category, priority, status or customer
	 * @param int[]  $values
	 * @return int[]
	 */
	public function idsBy( string $column, array $values ): array {
		return $values ? $this->idsWhere( "$column IN (" . Rows::list( $values ) . ')', 0, PHP_INT_MAX ) : [];
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
