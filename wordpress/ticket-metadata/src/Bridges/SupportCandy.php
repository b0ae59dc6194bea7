<?php
namespace TicketMetadata\Bridges;

/** SupportCandy 3 and newer, which stores tickets in its own tables. */
final class SupportCandy implements Bridge, ConfirmsDeletion, DatesTickets, LinksTickets, RemembersTickets, TellsSinceWhen {

	/** Tickets per query. */
	private const TICKETS_MAX = 500;

	/** What this PHP request knows, whichever object of this class asks. */
	private static ?SupportCandyRemembered $remembered = null;

	public function slug(): string {
		return 'supportcandy';
	}

	public function name(): string {
		return 'SupportCandy';
	}

	/** Version 2 had other hooks and other tables. */
	public function isActive(): bool {
		return class_exists( 'WPSC_Ticket' ) && defined( 'WPSC_VERSION' ) && version_compare( WPSC_VERSION, '3.0', '>=' );
	}

	public function listen( callable $mark ): void {
		SupportCandyHooks::add( $mark );
		self::$remembered = new SupportCandyRemembered();
		self::$remembered->listen();
	}

	public function remembered( array $ids ): array {
		$known = self::$remembered === null ? [] : self::$remembered->tickets( $ids );
		if ( $known === [] ) {
			return [];
		}
		$statuses = new SupportCandyStatuses();
		return array_map( static fn( \stdClass $ticket ): array => self::snapshot( $ticket, $statuses ), $known );
	}

	public function knownSince( int $id ): float {
		return self::$remembered->knownSince( $id );
	}

	public function snapshots( array $ids ): array {
		$snapshots = [];
		$statuses  = new SupportCandyStatuses();
		$tables    = new SupportCandyTables();
		foreach ( array_chunk( $ids, self::TICKETS_MAX ) as $some ) {
			$snapshots += self::some( $tables, $statuses, $some );
		}
		return $snapshots;
	}

	public function dates( array $ids ): array {
		$toDates = static fn( \stdClass $ticket ): array => [ 'updated_at' => Cell::utc( $ticket->date_updated ), 'closed_at' => Cell::utc( $ticket->date_closed ) ];
		return array_map( $toDates, ( new SupportCandyTables() )->dates( $ids ) );
	}

	public function deleted( array $ids ): array {
		return array_values( array_diff( $ids, array_keys( ( new SupportCandyTables() )->dates( $ids ) ) ) );
	}

	public function editUrl( int $id ): string {
		return admin_url( "admin.php?page=wpsc-tickets&section=ticket-list&id=$id" );
	}

	public function ids( int $after, int $limit ): array {
		return ( new SupportCandyTables() )->ids( $after, $limit );
	}

	public function count(): int {
		return ( new SupportCandyTables() )->count();
	}

	public function statuses(): array {
		return ( new SupportCandyStatuses() )->all();
	}

	public function idsOfPerson( string $email, int $after, int $limit ): array {
		return ( new SupportCandyTables() )->idsOfPerson( $email, $after, $limit );
	}

	/**
	 * @param int[] $ids
	 * @return array<int, array>
	 */
	private static function some( SupportCandyTables $tables, SupportCandyStatuses $statuses, array $ids ): array {
		return array_map( static fn( \stdClass $ticket ): array => self::snapshot( $ticket, $statuses ), $tables->tickets( $ids ) );
	}

	/** Nothing else leaves the site. In particular not the auth_code, which opens the ticket for anybody. */
	private static function snapshot( \stdClass $ticket, SupportCandyStatuses $statuses ): array {
		$isDeleted = ! $ticket->is_active;
		$status    = $statuses->keyOf( (int) $ticket->status, $ticket->listed_status !== null );
		$user      = Cell::id( $ticket->user );
		// An archived ticket is closed, whatever its status was.
		$isClosed  = $isDeleted || ( $ticket->is_archived && ! $statuses->isClosed( $status ) );
		$key       = $isClosed ? $statuses->closed() : $status;
		$snapshot  = [
			'customer_id'    => $user,
			'subject'        => Cell::text( $ticket->subject ),
			'status'         => $key,
			'status_default' => $statuses->defaultOf( $key ),
			'category'       => Cell::text( $ticket->category ),
			'priority'       => Cell::text( $ticket->priority ),
			// SupportCandy sets it when the ticket is created, and never again.
			'channel'        => Cell::text( $ticket->source ),
			'assigned_to'    => Cell::id( $ticket->assignee ),
			// SupportCandy stores UTC, whatever the site's time zone is.
			'created_at'     => Cell::utc( $ticket->date_created ),
			'custom_fields'  => [ 'deleted' => $isDeleted ? true : null ],
		];
		return $user === null ? $snapshot + [ 'guest_id' => Cell::id( $ticket->customer ) ] : $snapshot;
	}
}
