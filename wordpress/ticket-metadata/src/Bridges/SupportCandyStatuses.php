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

	public function __construct() {
		[ $general, $advanced ] = array_map( 'get_option', self::OPTIONS );
		$this->closed           = (string) ( self::closedOf( $general )[0] ?? self::CLOSED );
		$this->isClosed         = array_fill_keys( array_merge( self::closedOf( $advanced ), [ $this->closed ] ), true );
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
		global $wpdb;
		$labels = [];
		foreach ( Rows::of( "SELECT id, name FROM {$wpdb->prefix}psmsc_statuses ORDER BY load_order, id" ) as $row ) {
			$labels[ (string) $row->id ] = $row->name;
		}
		// Deleted tickets get the closed status, so it must exist whatever the list contains.
		$labels += [
			$this->closed => __( 'Closed', 'ticket-metadata' ),
			self::OTHER   => __( 'Another status', 'ticket-metadata' ),
		];
		$all = [];
		foreach ( $labels as $key => $label ) {
			$all[ $key ] = [ 'label' => $label, 'default' => $this->defaultOf( (string) $key ) ];
		}
		return $all;
	}

	/** @param bool $isListed whether it is in SupportCandy's list */
	public function keyOf( int $id, bool $isListed ): string {
		return $isListed || (string) $id === $this->closed ? (string) $id : self::OTHER;
	}

	public function isClosed( string $key ): bool {
		return isset( $this->isClosed[ $key ] );
	}

	/** The key of the status that SupportCandy's close button sets. */
	public function closed(): string {
		return $this->closed;
	}

	/** The service's status for it. */
	public function defaultOf( string $key ): string {
		$isWaiting = $key === (string) self::AWAITING_CUSTOMER;
		return $this->isClosed( $key ) ? 'closed' : ( $isWaiting ? 'pending' : 'open' );
	}
}
