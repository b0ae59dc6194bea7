<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Config;
use TicketMetadata\Text;

/**
 * The tickets of a site that wait for the service. A row says which ticket, and not what changed: when its turn comes,
 * it is sent as it then stands. Only deferred fields, which no help desk has, stand in it.
 *
 * Several PHP requests write here at a time. A row that another one has changed has another revision.
 */
final class Outbox {

	/** How many changes found no room, since someone looked after it. */
	private const DROPPED_OPTION = 'ticket_metadata_dropped';

	/** What the service refused, it may take when its settings or the ticket have changed. */
	private const REFUSED_SECONDS = [ 60, 600, 3600, 21600, 86400 ];

	/** Tickets of one statement. */
	private const INSERTED_MAX = 500;

	/** Each lost race is another one's success. */
	private const ATTEMPTS_MAX = 50;

	private const COLUMNS = 'id, source, ticket_id, fields, revision, added_at, refusals, error_code, error_detail';

	private OutboxQueries $queries;

	private string $table;

	private string $options;

	/** For so many more, as far as this one knows. */
	private ?int $room = null;

	public function __construct() {
		global $wpdb;
		OutboxTable::ensure();
		$this->queries = new OutboxQueries( $wpdb );
		$this->table   = OutboxTable::name();
		$this->options = $wpdb->options;
	}

	/** @return bool whether there was room for it */
	public function addTicket( string $slug, int $id, Outcome $why ): bool {
		return $this->addTickets( $slug, [ $id ], $why ) === [];
	}

	/**
	 * @param int[] $ids each once
	 * @return int[] those for which there was no room
	 */
	public function addTickets( string $slug, array $ids, Outcome $why ): array {
		// In the order of the key, in which others take its locks too.
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
		for ( $attempt = 1; $attempt <= self::ATTEMPTS_MAX; $attempt++ ) {
			// Most are not there yet.
			if ( $this->hasRoom( 1 ) && $this->insertFields( $id, $fields, $why ) ) {
				--$this->room;
				return true;
			}
			$row = $this->select( "WHERE source = '' AND ticket_id = %d", $id )[0] ?? null;
			if ( $row === null && ! $this->hasRoom( 1 ) ) {
				$this->countDropped( 1 );
				return false;
			}
			if ( $row !== null && $this->join( $row, $fields ) ) {
				return true;
			}
		}
		throw new \RuntimeException( "Too many PHP requests change ticket $id in $this->table at a time." );
	}

	/** @return OutboxRow[] whose turn it is, beginning behind one, in the order in which they came */
	public function due( int $afterId, int $limit ): array {
		return $this->select( 'WHERE id > %d AND due_at <= %d ORDER BY id LIMIT %d', $afterId, time(), $limit );
	}

	/** @return OutboxRow[] the first, due or not */
	public function rows( int $limit ): array {
		return $this->select( 'ORDER BY id LIMIT %d', $limit );
	}

	/**
	 * @param string $source as of a row
	 * @param int[]  $ids    the source's
	 * @return array<int, true> those of them that wait
	 */
	public function waiting( string $source, array $ids ): array {
		if ( $ids === [] ) {
			return [];
		}
		$list = implode( ',', array_map( 'intval', $ids ) );
		$rows = $this->queries->rows( "SELECT ticket_id FROM $this->table WHERE source = %s AND ticket_id IN ($list)", $source );
		return array_fill_keys( array_map( 'intval', array_column( $rows, 'ticket_id' ) ), true );
	}

	/** Takes out what was delivered. What has changed since it was read stays. */
	public function remove( OutboxRow $row ): void {
		$this->queries->run( "DELETE FROM $this->table WHERE id = %d AND revision = %d", $row->id, $row->revision );
	}

	/** Notes why it is still here. What was refused waits longer each time, and keeps the reason when the service cannot be asked. */
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

	/** Takes out, for good, what was refused when it was tried last, and has not changed since. A bridge's mistake is none of the ticket's. */
	public function discardRefused(): int {
		return $this->queries->run( "DELETE FROM $this->table WHERE refusals > 0 AND due_at > 0 AND error_code <> 'client_error'" );
	}

	/** Makes all of them due, those too that wait because they were refused. */
	public function hurry(): void {
		$this->queries->run( "UPDATE $this->table SET due_at = 0 WHERE due_at > 0" );
	}

	public function depth(): int {
		return (int) $this->queries->value( "SELECT COUNT(*) FROM $this->table" );
	}

	/** For how many more. Counted once for all that a PHP request puts in: a long table takes its time. */
	public function room(): int {
		$this->room = $this->room ?? ( new Config() )->outboxMax() - $this->depth();
		return max( 0, $this->room );
	}

	public function refused(): int {
		return (int) $this->queries->value( "SELECT COUNT(*) FROM $this->table WHERE refusals > 0" );
	}

	/** @return int|null Unix seconds since when the first waits; null: none does */
	public function oldestAt(): ?int {
		$time = $this->queries->value( "SELECT added_at FROM $this->table ORDER BY id LIMIT 1" );
		return $time === null ? null : (int) $time;
	}

	/** Whether nothing waits and nothing found no room, which is the rule: one query, for pages that only ask for that. */
	public function isQuiet(): bool {
		return $this->queries->value( "SELECT EXISTS (SELECT 1 FROM $this->table) OR EXISTS (SELECT 1 FROM $this->options WHERE option_name = %s)", self::DROPPED_OPTION ) === '0';
	}

	/** Changes that found no room: `wp ticket-metadata backfill` brings them to the service. */
	public function dropped(): int {
		// Past WordPress's cache of options, as it is counted.
		return (int) $this->queries->value( "SELECT option_value FROM $this->options WHERE option_name = %s", self::DROPPED_OPTION );
	}

	public function forgetDropped(): void {
		delete_option( self::DROPPED_OPTION );
	}

	/**
	 * What waits already needs no room: it stays in its place, and has changed.
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
			$values = [];
			foreach ( $ids as $id ) {
				array_push( $values, ...self::row( $slug, $id, [], $why ) );
			}
			// MySQL counts a row that is new as one, and one that has changed as two.
			$changed     = $this->queries->run( 'INSERT ' . $this->into( count( $ids ) ) . ' ON DUPLICATE KEY UPDATE revision = revision + 1, due_at = 0', ...$values );
			$this->room -= 2 * count( $ids ) - $changed;
		}
		return $dropped;
	}

	private function hasRoom( int $rows ): bool {
		return $this->room() >= $rows;
	}

	/** @return bool false: another was faster */
	private function insertFields( int $id, array $fields, Outcome $why ): bool {
		return $this->queries->run( 'INSERT IGNORE ' . $this->into( 1 ), ...self::row( '', $id, $fields, $why ) ) === 1;
	}

	private function into( int $rows ): string {
		return "INTO $this->table (source, ticket_id, fields, revision, added_at, due_at, refusals, error_code, error_detail) VALUES "
			. implode( ', ', array_fill( 0, $rows, '(%s, %d, %s, 1, %d, 0, %d, %s, %s)' ) );
	}

	/** @return array<int|string> for the placeholders of an insertion */
	private static function row( string $source, int $id, array $fields, Outcome $why ): array {
		return [ $source, $id, self::text( $fields ), time(), $why->isRefused ? 1 : 0, self::cut( $why->code, 64 ), self::cut( $why->detail, 500 ) ];
	}

	/** What is otherwise now may be what the service takes: it is due at once. */
	private function join( OutboxRow $row, array $fields ): bool {
		return $this->queries->run(
			"UPDATE $this->table SET fields = %s, revision = revision + 1, due_at = 0 WHERE id = %d AND revision = %d",
			self::text( DeferredFields::merge( $row->fields, $fields ) ),
			$row->id,
			$row->revision
		) === 1;
	}

	private function countDropped( int $changes ): void {
		$this->queries->run( "INSERT INTO $this->options (option_name, option_value, autoload) VALUES (%s, %s, 'no') ON DUPLICATE KEY UPDATE option_value = option_value + %d", self::DROPPED_OPTION, (string) $changes, $changes );
	}

	/** @return OutboxRow[] */
	private function select( string $clauses, ...$values ): array {
		return array_map( [ OutboxRow::class, 'fromDatabase' ], $this->queries->rows( 'SELECT ' . self::COLUMNS . " FROM $this->table $clauses", ...$values ) );
	}

	private static function text( array $fields ): string {
		return wp_json_encode( (object) $fields, JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION );
	}

	private static function cut( string $text, int $length ): string {
		// Old tables take no character of four bytes, and then nothing of the row.
		return (string) preg_replace( '/[\x{10000}-\x{10FFFF}]/u', '?', Text::fit( $text, $length ) );
	}
}
