<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Client\SharedState;

/**
 * The circuit of a page, where there is no persistent object cache. What cannot be delivered is put into the outbox anyway, so
 * its row bears the failure too, and the query that looks for waiting tickets brings the failures of other pages. So an
 * unavailable service costs no write of its own. What WP-Cron and the plugin's functions have found out is in the options.
 */
final class OutboxCircuit implements SharedState {

	/** Failures that are further apart are unrelated. */
	private const MEMORY_MS = 3600000;

	/** The page's, while it sends. */
	private static ?self $current = null;

	private SharedState $options;

	/** What the last look found. */
	private int $failures = 0;
	private int $retryAtMs = 0;
	private bool $isTrial  = false;
	private ?int $span     = null;

	/** Of a failure that no row bears yet. */
	private ?array $unwritten = null;

	private function __construct( SharedState $options ) {
		$this->options = $options;
	}

	/** Begins to send the changes of a site. */
	public static function begin( SharedState $options ): self {
		self::$current = new self( $options );
		return self::$current;
	}

	public static function current(): ?self {
		return self::$current;
	}

	/** Ends it. A failure that no row could bear, because the outbox is full or cannot be used, must not be forgotten. */
	public function end(): void {
		self::$current = null;
		if ( $this->unwritten !== null ) {
			$this->options->set( 'circuit', $this->unwritten, intdiv( self::MEMORY_MS, 1000 ) );
		}
	}

	/**
	 * Asks for the waiting tickets and for the circuit in one statement. If it is time for a trial, it takes a lock, so that one
	 * page tries. The lock ends with the connection.
	 *
	 * @param string $source as in a row of the outbox
	 * @param int[]  $ids    the source's
	 * @return array<int, true> those that are in the outbox
	 * @throws \RuntimeException if the outbox cannot be read
	 */
	public function look( string $source, array $ids ): array {
		$known   = CircuitBreaker::valid( $this->options->loaded( 'circuit' ) );
		$knownMs = (int) ( $known['retry_at'] * 1000 );
		$nowMs   = (int) ( microtime( true ) * 1000 );
		$list    = implode( ',', array_map( 'intval', $ids ) ) ?: '0';
		$table   = OutboxTable::name();
		$rows    = self::queries()->rows(
			"SELECT ticket_id, NULL AS failures, NULL AS retry_at, NULL AS span, NULL AS trial FROM $table WHERE source = %s AND ticket_id IN ($list)
			UNION ALL SELECT NULL, c.failures, c.retry_at, s.span,
				CASE WHEN IF(c.retry_at > %d, c.failures, %d) >= %d AND GREATEST(c.retry_at, %d) <= %d THEN GET_LOCK(%s, 0) END
			FROM (SELECT COALESCE(SUM(failures), 0) AS failures, COALESCE(MAX(retry_at), 0) AS retry_at FROM $table WHERE retry_at > %d) c,
				(SELECT COALESCE(MAX(id) - MIN(id) + 1, 0) AS span FROM $table) s",
			$source,
			$knownMs,
			$known['failures'],
			CircuitBreaker::FAILURES_MAX,
			$knownMs,
			$nowMs,
			DatabaseLock::nameOf( 'trial' ),
			$nowMs - self::MEMORY_MS
		);
		$state           = array_pop( $rows );
		$this->failures  = (int) $state['failures'];
		$this->retryAtMs = (int) $state['retry_at'];
		$this->isTrial   = $state['trial'] === '1';
		$this->span      = (int) $state['span'];
		return array_fill_keys( array_map( 'intval', array_column( $rows, 'ticket_id' ) ), true );
	}

	private static function queries(): OutboxQueries {
		OutboxTable::ensure();
		return new OutboxQueries( $GLOBALS['wpdb'] );
	}

	/** The service has answered. */
	public static function forgetFailures(): void {
		self::queries()->run( 'UPDATE ' . OutboxTable::name() . ' SET failures = 0, retry_at = 0 WHERE retry_at > 0' );
	}

	/** @return int|null at most so many rows has the outbox; null: nobody has looked */
	public function span(): ?int {
		return $this->span;
	}

	/** @return int for the row that is about to be written, in Unix milliseconds: until when the failure keeps others from trying; 0: there was none */
	public function takeFailure(): int {
		$retryAt         = $this->unwritten['retry_at'] ?? 0;
		$this->unwritten = null;
		return (int) ( $retryAt * 1000 );
	}

	public function get( string $name ) {
		return $this->loaded( $name );
	}

	public function loaded( string $name ) {
		$known = $this->options->loaded( $name );
		if ( $name !== 'circuit' ) {
			return $known;
		}
		$retryAt = $this->retryAtMs / 1000;
		return $this->failures > 0 && $retryAt > CircuitBreaker::valid( $known )['retry_at'] ? [ 'failures' => $this->failures, 'retry_at' => $retryAt ] : $known;
	}

	public function set( string $name, $value, int $seconds ): void {
		if ( $name === 'circuit' && $value['failures'] > 0 ) {
			$this->unwritten = $value;
			return;
		}
		if ( $name === 'circuit' ) {
			// The service answers again.
			$this->unwritten = null;
			if ( $this->failures > 0 ) {
				self::forgetFailures();
				$this->failures = 0;
			}
			if ( CircuitBreaker::valid( $this->options->loaded( $name ) )['failures'] === 0 ) {
				return;
			}
		}
		$this->options->set( $name, $value, $seconds );
	}

	public function add( string $name, $value, int $seconds ): bool {
		if ( $name !== 'trial' ) {
			return $this->options->add( $name, $value, $seconds );
		}
		$isTrial       = $this->isTrial;
		$this->isTrial = false;
		return $isTrial;
	}
}
