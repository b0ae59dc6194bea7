<?php
namespace TicketMetadata\Combining;

/** Writes what is unwritten however a PHP request ends, and before anybody outside could look for it. */
final class LastWrite {

	/** What a write needs when a page has used up PHP's memory. */
	private const RESERVE_BYTES = 524288;

	private Barrier $barrier;

	/** @var object[] what PHP would destroy earlier if nothing referred to it */
	private array $needed;

	private string $reserve = '';

	private bool $isOver = false;

	private float $secondsMax;

	/** When the oldest unwritten change was made, or earlier; null: nothing is unwritten. */
	private ?float $since = null;

	/** @param float $secondsMax how long a change may be unwritten while the page goes on making statements */
	public function __construct( Barrier $barrier, float $secondsMax ) {
		$this->barrier    = $barrier;
		$this->secondsMax = $secondsMax;
		$this->needed     = array_filter( [ $GLOBALS['wpdb'] ?? null, $GLOBALS['wp_object_cache'] ?? null ] );
	}

	public function listen(): void {
		// Before WordPress sends the page, and before listeners that fail or exit.
		add_action( 'shutdown', [ $this, 'end' ], PHP_INT_MIN );
		// A page that takes long, such as one of WP-Cron. Before the barrier, which is for a single statement.
		add_filter( 'query', [ $this, 'passQuery' ], PHP_INT_MAX );
		// If the hook did not come: WordPress's own function was not reached.
		register_shutdown_function( [ $this, 'end' ] );
		// The first byte of the answer: a page that is sent in pieces, or that ends itself by fastcgi_finish_request().
		header_register_callback( [ $this, 'write' ] );
		// The page waits for others, who may ask this site. A filter, and an action that passes an object.
		add_filter( 'pre_http_request', [ $this, 'pass' ], PHP_INT_MAX );
		add_action( 'phpmailer_init', [ $this, 'write' ], PHP_INT_MAX, 0 );
		// WordPress's functions are about another site from here on.
		add_action( 'switch_blog', [ $this, 'leaveSite' ], PHP_INT_MIN, 0 );
	}

	public function expect(): void {
		$this->since   = $this->since ?? microtime( true );
		$this->reserve = $this->reserve === '' ? str_repeat( ' ', self::RESERVE_BYTES ) : $this->reserve;
	}

	/** Whether the end has begun: what is written then is written at once. */
	public function isOver(): bool {
		return $this->isOver;
	}

	public function end(): void {
		if ( $this->isOver ) {
			return;
		}
		$this->isOver = true;
		// A browser that hangs up must not end the writing.
		ignore_user_abort( true );
		$this->write();
		Statistics::store();
	}

	public function write(): void {
		$this->since   = null;
		$this->reserve = '';
		$this->barrier->writeAll();
	}

	public function leaveSite(): void {
		$this->write();
		$this->barrier->forgetAll();
	}

	/**
	 * @param mixed $query
	 * @return mixed
	 */
	public function passQuery( $query ) {
		if ( $this->since !== null && ! Statements::areRunning() && microtime( true ) - $this->since >= $this->secondsMax ) {
			$this->write();
		}
		return $query;
	}

	/**
	 * @param mixed $value
	 * @return mixed
	 */
	public function pass( $value ) {
		$this->write();
		return $value;
	}

	/** If another plugin exits in a shutdown function, PHP calls none after it, but still destructors. */
	public function __destruct() {
		$this->end();
	}
}
