<?php
namespace TicketMetadata\Bridges;

/** SupportCandy's statuses: a list that the site edits. Which of them are the closed ones, two options say. */
final class SupportCandyStatuses {

	/** As SupportCandy installs itself. The names are the site's, the ids stay. */
	private const AWAITING_CUSTOMER = 2;
	private const CLOSED            = 4;

	/** That say which are closed. */
	public const OPTIONS = [ 'wpsc-gs-general', 'wpsc-tl-ms-advanced' ];

	/** Of a ticket whose status is no longer in the list. */
	private const OTHER = 'other';

	private string $closed;

	/** @var array<string, bool> */
	private array $isClosed;

	/** @var array<string, array{label: string, default: string}> */
	private array $all = [];

	public function __construct() {
		global $wpdb;
		[ $general, $advanced ] = array_map( 'get_option', self::OPTIONS );
		$this->closed           = (string) ( self::closedOf( $general )[0] ?? self::CLOSED );
		$this->isClosed         = array_fill_keys( array_merge( self::closedOf( $advanced ), [ $this->closed ] ), true );
		foreach ( Rows::of( "SELECT id, name FROM {$wpdb->prefix}psmsc_statuses ORDER BY load_order, id" ) as $row ) {
			$this->add( (string) $row->id, $row->name );
		}
		// The status of deleted tickets, so it is there whatever the list says.
		$this->add( $this->closed, __( 'Closed', 'ticket-metadata' ) );
		$this->add( self::OTHER, __( 'Another status', 'ticket-metadata' ) );
	}

	/**
	 * @param mixed $option a value of one of the options
	 * @return int[] the statuses that it says are closed
	 */
	public static function closedOf( $option ): array {
		return array_map( 'intval', (array) ( $option['close-ticket-status'] ?? $option['closed-ticket-statuses'] ?? [] ) );
	}

	/** @return array<string, array{label: string, default: string}> */
	public function all(): array {
		return $this->all;
	}

	public function keyOf( int $id ): string {
		return isset( $this->all[ $id ] ) ? (string) $id : self::OTHER;
	}

	public function isClosed( string $key ): bool {
		return isset( $this->isClosed[ $key ] );
	}

	/** The key of the status that SupportCandy's close button gives. */
	public function closed(): string {
		return $this->closed;
	}

	private function add( string $key, string $label ): void {
		$isWaiting          = $key === (string) self::AWAITING_CUSTOMER;
		$default            = $isWaiting ? 'pending' : 'open';
		$this->all[ $key ] ??= [ 'label' => $label, 'default' => $this->isClosed( $key ) ? 'closed' : $default ];
	}
}
