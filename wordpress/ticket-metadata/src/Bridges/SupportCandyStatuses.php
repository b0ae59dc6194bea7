<?php
namespace TicketMetadata\Bridges;

/** SupportCandy's statuses: a list that the site edits. Two options say which of them are closed. */
final class SupportCandyStatuses {

	/** The ids of a new installation. Sites rename statuses, but the ids stay. */
	private const AWAITING_CUSTOMER = 2;
	private const CLOSED            = 4;

	/** The options that say which statuses are closed. */
	public const OPTIONS = [ 'wpsc-gs-general', 'wpsc-tl-ms-advanced' ];

	/** The key for a ticket whose status is no longer in the list. */
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
		// Deleted tickets get this status, so it must exist whatever the list contains.
		$this->add( $this->closed, __( 'Closed', 'ticket-metadata' ) );
		$this->add( self::OTHER, __( 'Another status', 'ticket-metadata' ) );
	}

	/**
	 * @param mixed $option a value of one of the options
	 * @return int[] the ids of the closed statuses
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

	/** The key of the status that SupportCandy's close button sets. */
	public function closed(): string {
		return $this->closed;
	}

	private function add( string $key, string $label ): void {
		$isWaiting          = $key === (string) self::AWAITING_CUSTOMER;
		$default            = $isWaiting ? 'pending' : 'open';
		$this->all[ $key ] ??= [ 'label' => $label, 'default' => $this->isClosed( $key ) ? 'closed' : $default ];
	}
}
