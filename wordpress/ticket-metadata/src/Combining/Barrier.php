<?php
namespace TicketMetadata\Combining;

use TicketMetadata\Errors;

/**
 * Sees each statement of this PHP request, through wpdb's filter `query`. Before one that could see or change what is
 * unwritten, it writes it. So nobody who asks the database gets an older answer than without combining.
 */
final class Barrier {

	/** They name the tables that they use. Any other may use all: a transaction, a lock, a procedure. */
	private const READS  = [ 'SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN' ];
	private const WRITES = [ 'INSERT', 'UPDATE', 'DELETE', 'REPLACE' ];

	/** They tell how a table is made, and nothing of its rows. */
	private const OF_SCHEMA = [ 'SHOW', 'DESCRIBE', 'DESC' ];

	/** @var Buffer[] */
	private array $buffers;

	private MetaBuffer $posts;

	private TermCounts $counts;

	private MetaByIdFilters $byId;

	private InsertedPosts $inserted;

	private bool $isAsked = false;

	public function __construct( MetaBuffer $posts, MetaBuffer $users, TermCounts $counts, MetaByIdFilters $byId, InsertedPosts $inserted ) {
		$this->buffers  = [ $posts, $users, $counts ];
		$this->counts   = $counts;
		$this->posts    = $posts;
		$this->byId     = $byId;
		$this->inserted = $inserted;
	}

	public function listen(): void {
		// Last, when the statement is as it will be sent.
		add_filter( 'query', [ $this, 'pass' ], PHP_INT_MAX );
	}

	/**
	 * @param mixed $query
	 * @return mixed
	 */
	public function pass( $query ) {
		$this->isAsked = true;
		if ( Statements::areRunning() || ! is_string( $query ) || $query === '' ) {
			return $query;
		}
		$this->inserted->noteQuery( $query );
		$this->byId->noteQuery( $query );
		if ( $this->isIdle() ) {
			return $query;
		}
		if ( $this->posts->isSearchInVain( $query ) ) {
			return Statements::answerNothing();
		}
		$verb = strtoupper( substr( ltrim( $query, "( \t\r\n" ), 0, strcspn( ltrim( $query, "( \t\r\n" ), "( \t\r\n" ) ) );
		if ( in_array( $verb, self::OF_SCHEMA, true ) ) {
			return $query;
		}
		$isWrite = in_array( $verb, self::WRITES, true );
		$isOther = ! $isWrite && ! in_array( $verb, self::READS, true );
		foreach ( $this->buffers as $buffer ) {
			if ( $isOther || $buffer->concerns( $query, $isWrite ) ) {
				$buffer->write();
				if ( $isOther || $isWrite ) {
					$buffer->forget();
				}
			}
		}
		return $this->counts->corrected( $query );
	}

	/** Whether it is asked at all. A site can replace wpdb by a class that does not know the filter: nothing may be held then. */
	public function isAsked(): bool {
		return $this->isAsked;
	}

	/** What fails in one of them, such as another plugin's filter, does not keep the others from being written. */
	public function writeAll(): void {
		foreach ( $this->buffers as $buffer ) {
			try {
				$buffer->write();
			} catch ( \Throwable $error ) {
				Errors::report( 0, 'combine_failed', get_class( $error ) . ': ' . $error->getMessage() );
			}
		}
	}

	/** Nothing may be unwritten. */
	public function forgetAll(): void {
		foreach ( $this->buffers as $buffer ) {
			$buffer->forget();
		}
	}

	private function isIdle(): bool {
		foreach ( $this->buffers as $buffer ) {
			if ( ! $buffer->isIdle() ) {
				return false;
			}
		}
		return true;
	}
}
