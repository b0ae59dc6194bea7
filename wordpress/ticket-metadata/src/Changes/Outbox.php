<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Config;
use TicketMetadata\Text;

/**
 * The tickets of a site that wait for the service. A row names a ticket, not a change: the ticket is sent in the state
 * that it has when its turn comes. Only deferred fields, which no help desk has, are stored in the row.
 *
 * Several PHP requests write here at the same time. Each change of a row increments its revision.
 */
final class Outbox {

	/** The number of changes that were dropped since the last complete backfill. */
	private const DROPPED_OPTION = 'ticket_metadata_dropped';

	/** Pauses between retries of a refused ticket: the service may accept it after its settings or the ticket have changed. */
	private const REFUSED_SECONDS = [ 60, 600, 3600, 21600, 86400 ];

	/** Tickets per statement. */
	private const INSERTED_MAX = 500;

	/** Each lost race is another request's success. */
	private const ATTEMPTS_MAX = 50;

	/** A row that is in the outbox already bears the failure too. */
	private const WITH_FAILURE = 'failures = failures + VALUES(failures), retry_at = GREATEST(retry_at, VALUES(retry_at))';

	private const COLUMNS = 'id, source, ticket_id, fields, revision, added_at, refusals, error_code, error_detail';

	private OutboxQueries $queries;

	private string $table;

	private string $options;

	/** Room for this many more rows, as far as this object knows. */
	private ?int $room = null;

	public function __construct() {
		global $wpdb;
		OutboxTable::ensure();
		$this->queries = new OutboxQueries( $wpdb );
		$this->table   = OutboxTable::name();
		$this->options = $wpdb->options;
	}

	/** Whether something may wait, or was dropped. Costs no query as long as the sign says that it is not so, and WP-Cron, which corrects it, runs. */
	public static function mayHold(): bool {
		if ( OutboxSign::isEmpty() === null ) {
			( new self() )->correctSign();
		}
		return OutboxSign::isEmpty() !== true || ( ! wp_using_ext_object_cache() && ! Schedule::runs() );
	}

	/**
	 * Whether nothing waits at this moment, as far as it can be told without a query. Never without a persistent object cache: a
	 * ticket that came since the page began would be missed. It may still be coming from the page before, which sends after
	 * its visitor has gone on.
	 */
	public static function isSurelyEmpty(): bool {
		return wp_using_ext_object_cache() && ! self::mayHold();
	}

	/** Has the sign say what the table holds. */
	public function correctSign(): void {
		OutboxSign::correct( fn(): bool => $this->isQuiet() );
	}

	/** @return bool whether there was room for it */
	public function addTicket( string $slug, int $id, Outcome $why ): bool {
		return $this->addTickets( $slug, [ $id ], $why ) === [];
	}

	/**
	 * @param int[] $ids without duplicates
	 * @return int[] those for which there was no room
	 */
	public function addTickets( string $slug, array $ids, Outcome $why ): array {
		// In the order of the key, so that concurrent statements take locks in the same order.
		sort( $ids );
		$dropped = [];
		foreach ( array_chunk( $ids, self::INSERTED_MAX ) as $some ) {
			$dropped = array_merge( $dropped, $this->addSome( $slug, $some, $why ) );
		}
		if ( $dropped !== [] ) {
			$this->countDropped( count( $dropped ) );
		}
		return $dropped;
	}

	/** @return bool whether there was room for it */
	public function addFields( int $id, array $fields, Outcome $why ): bool {
		OutboxSign::fill();
		$retryAt = self::failure();
		for ( $attempt = 1; $attempt <= self::ATTEMPTS_MAX; $attempt++ ) {
			// Most have no row yet.
			if ( $this->hasRoom( 1 ) && $this->insertFields( $id, $fields, $why, $retryAt ) ) {
				--$this->room;
				return true;
			}
			$row = $this->select( "WHERE source = '' AND ticket_id = %d", $id )[0] ?? null;
			if ( $row === null && ! $this->hasRoom( 1 ) ) {
				$this->countDropped( 1 );
				return false;
			}
			if ( $row !== null && $this->join( $row, $fields, $retryAt ) ) {
				return true;
			}
		}
		throw new \RuntimeException( "Too many PHP requests change ticket $id in $this->table at the same time." );
	}

	/** @return OutboxRow[] due rows after an id, oldest first */
	public function due( int $afterId, int $limit ): array {
		return $this->select( 'WHERE id > %d AND due_at <= %d ORDER BY id LIMIT %d', $afterId, time(), $limit );
	}

	/** @return OutboxRow[] the oldest rows, due or not */
	public function rows( int $limit ): array {
		return $this->select( 'ORDER BY id LIMIT %d', $limit );
	}

	/**
	 * @param string $source as in a row
	 * @param int[]  $ids    the source's
	 * @return array<int, true> those that are in the outbox
	 */
	public function waiting( string $source, array $ids ): array {
		if ( $ids === [] ) {
			return [];
		}
		$list = implode( ',', array_map( 'intval', $ids ) );
		$rows = $this->queries->rows( "SELECT ticket_id FROM $this->table WHERE source = %s AND ticket_id IN ($list)", $source );
		return array_fill_keys( array_map( 'intval', array_column( $rows, 'ticket_id' ) ), true );
	}

	/** Removes a delivered row, unless it changed since it was read. */
	public function remove( OutboxRow $row ): void {
		$this->queries->run( "DELETE FROM $this->table WHERE id = %d AND revision = %d", $row->id, $row->revision );
	}

	/** Records why a row could not be delivered. A refused row waits longer each time, and keeps its reason while the service is unavailable. */
	public function note( OutboxRow $row, Outcome $outcome ): void {
		if ( ! $outcome->isRefused && $row->refusals > 0 ) {
			return;
		}
		$wait = self::REFUSED_SECONDS[ min( $row->refusals, count( self::REFUSED_SECONDS ) - 1 ) ];
		$this->queries->run(
			"UPDATE $this->table SET due_at = %d, refusals = %d, error_code = %s, error_detail = %s WHERE id = %d AND revision = %d",
			$outcome->isRefused ? time() + $wait : 0,
			$row->refusals + ( $outcome->isRefused ? 1 : 0 ),
			self::cut( $outcome->code, 64 ),
			self::cut( $outcome->detail, 500 ),
			$row->id,
			$row->revision
		);
	}

	/** Deletes rows that were refused at the last attempt and have not changed since. Rows that failed because of a bug in a bridge stay. */
	public function discardRefused(): int {
		return $this->queries->run( "DELETE FROM $this->table WHERE refusals > 0 AND due_at > 0 AND error_code <> 'client_error'" );
	}

	/** Makes all rows due, including refused ones. */
	public function hurry(): void {
		$this->queries->run( "UPDATE $this->table SET due_at = 0 WHERE due_at > 0" );
	}

	public function depth(): int {
		return (int) $this->queries->value( "SELECT COUNT(*) FROM $this->table" );
	}

	/** Room for how many more rows. Counted once per PHP request, and only if there may be many, because counting a long table takes time. */
	public function room(): int {
		$this->room = $this->room ?? ( new Config() )->outboxMax() - $this->depthAtMost();
		return max( 0, $this->room );
	}

	/** @return int exact unless there is room in any case */
	private function depthAtMost(): int {
		if ( wp_using_ext_object_cache() ) {
			return OutboxSign::isEmpty() === true ? 0 : $this->depth();
		}
		$circuit = OutboxCircuit::current();
		$span    = $circuit === null ? null : $circuit->span();
		return $span === null || $span + self::INSERTED_MAX > ( new Config() )->outboxMax() ? $this->depth() : $span;
	}

	public function refused(): int {
		return (int) $this->queries->value( "SELECT COUNT(*) FROM $this->table WHERE refusals > 0" );
	}

	/** @return int|null Unix seconds of the oldest row; null: the outbox is empty */
	public function oldestAt(): ?int {
		$time = $this->queries->value( "SELECT added_at FROM $this->table ORDER BY id LIMIT 1" );
		return $time === null ? null : (int) $time;
	}

	/** Whether the outbox is empty and nothing was dropped. One query for the usual case. */
	public function isQuiet(): bool {
		return $this->queries->value( "SELECT EXISTS (SELECT 1 FROM $this->table) OR EXISTS (SELECT 1 FROM $this->options WHERE option_name = %s)", self::DROPPED_OPTION ) === '0';
	}

	/** The number of dropped changes, which `wp ticket-metadata backfill` sends. */
	public function dropped(): int {
		// Bypasses WordPress's cache of options, as the counting does.
		return (int) $this->queries->value( "SELECT option_value FROM $this->options WHERE option_name = %s", self::DROPPED_OPTION );
	}

	public function forgetDropped(): void {
		delete_option( self::DROPPED_OPTION );
		$this->correctSign();
	}

	/**
	 * A ticket that is in the outbox already needs no room: it keeps its place and gets a new revision.
	 *
	 * @param int[] $ids
	 * @return int[] those for which there was no room
	 */
	private function addSome( string $slug, array $ids, Outcome $why ): array {
		$dropped = [];
		if ( ! $this->hasRoom( count( $ids ) ) ) {
			$new     = array_values( array_diff( $ids, array_keys( $this->waiting( $slug, $ids ) ) ) );
			$dropped = array_slice( $new, $this->room() );
			$ids     = array_diff( $ids, $dropped );
		}
		if ( $ids !== [] ) {
			$values  = [];
			$retryAt = self::failure();
			foreach ( $ids as $id ) {
				array_push( $values, ...self::row( $slug, $id, [], $why, $retryAt ) );
				// It was one failure, however many tickets there are.
				$retryAt = 0;
			}
			OutboxSign::fill();
			// MySQL reports 1 for an inserted row and 2 for an updated one.
			$changed     = $this->queries->run( 'INSERT ' . $this->into( count( $ids ) ) . ' ON DUPLICATE KEY UPDATE revision = revision + 1, due_at = 0, ' . self::WITH_FAILURE, ...$values );
			$this->room -= 2 * count( $ids ) - $changed;
		}
		return $dropped;
	}

	/** Of this page, if no row bears it yet. */
	private static function failure(): int {
		$circuit = OutboxCircuit::current();
		return $circuit === null ? 0 : $circuit->takeFailure();
	}

	private function hasRoom( int $rows ): bool {
		return $this->room() >= $rows;
	}

	/** @return bool false: another request was faster */
	private function insertFields( int $id, array $fields, Outcome $why, int $retryAt ): bool {
		return $this->queries->run( 'INSERT IGNORE ' . $this->into( 1 ), ...self::row( '', $id, $fields, $why, $retryAt ) ) === 1;
	}

	private function into( int $rows ): string {
		return "INTO $this->table (source, ticket_id, fields, revision, added_at, due_at, refusals, error_code, error_detail, failures, retry_at) VALUES "
			. implode( ', ', array_fill( 0, $rows, '(%s, %d, %s, 1, %d, 0, %d, %s, %s, %d, %d)' ) );
	}

	/** @return array<int|string> values for the placeholders of an insert */
	private static function row( string $source, int $id, array $fields, Outcome $why, int $retryAt ): array {
		return [ $source, $id, self::text( $fields ), time(), $why->isRefused ? 1 : 0, self::cut( $why->code, 64 ), self::cut( $why->detail, 500 ), $retryAt > 0 ? 1 : 0, $retryAt ];
	}

	/** The service may accept the changed fields, so the row becomes due at once. */
	private function join( OutboxRow $row, array $fields, int $retryAt ): bool {
		return $this->queries->run(
			"UPDATE $this->table SET fields = %s, revision = revision + 1, due_at = 0, failures = failures + %d, retry_at = GREATEST(retry_at, %d) WHERE id = %d AND revision = %d",
			self::text( DeferredFields::merge( $row->fields, $fields ) ),
			$retryAt > 0 ? 1 : 0,
			$retryAt,
			$row->id,
			$row->revision
		) === 1;
	}

	private function countDropped( int $changes ): void {
		$this->queries->run( "INSERT INTO $this->options (option_name, option_value, autoload) VALUES (%s, %s, 'no') ON DUPLICATE KEY UPDATE option_value = option_value + %d", self::DROPPED_OPTION, (string) $changes, $changes );
		OutboxSign::fill();
	}

	/** @return OutboxRow[] */
	private function select( string $clauses, ...$values ): array {
		return array_map( [ OutboxRow::class, 'fromDatabase' ], $this->queries->rows( 'SELECT ' . self::COLUMNS . " FROM $this->table $clauses", ...$values ) );
	}

	private static function text( array $fields ): string {
		return wp_json_encode( (object) $fields, JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION );
	}

	private static function cut( string $text, int $length ): string {
		// A table in old utf8 refuses the whole row because of one four-byte character.
		return (string) preg_replace( '/[\x{10000}-\x{10FFFF}]/u', '?', Text::fit( $text, $length ) );
	}
}
