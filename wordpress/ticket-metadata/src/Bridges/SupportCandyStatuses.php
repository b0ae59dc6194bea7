<?php
namespace TicketMetadata\Bridges;

/** SupportCandy's statuses: a list that the site edits. Which of them are the closed ones, two options say. */
final class SupportCandyStatuses {

	/** As SupportCandy installs itself. The names are the site's, the ids stay. */
	private const AWAITING_CUSTOMER = 2;
	private const CLOSED            = 4;

	/** Of a ticket whose status is no longer in the list. */
	private const OTHER = 'other';

	private string $closed;

	/** @var array<string, bool> */
	private array $isClosed;

	/** @var array<string, array{label: string, default: string}> */
	private array $all = [];

	public function __construct() {
		global $wpdb;
		$general        = get_option( 'wpsc-gs-general' );
		$advanced       = get_option( 'wpsc-tl-ms-advanced' );
		$this->closed   = (string) (int) ( $general['close-ticket-status'] ?? self::CLOSED );
		$this->isClosed = array_fill_keys( array_map( 'intval', (array) ( $advanced['closed-ticket-statuses'] ?? [] ) ), true );

		$this->isClosed[ $this->closed ] = true;
		foreach ( Rows::of( "SELECT id, name FROM {$wpdb->prefix}psmsc_statuses ORDER BY load_order, id" ) as $row ) {
			$this->add( (string) $row->id, $row->name );
		}
		// The status of deleted tickets, so it is there whatever the list says.
		$this->add( $this->closed, __( 'Closed', 'ticket-metadata' ) );
		$this->add( self::OTHER, __( 'Another status', 'ticket-metadata' ) );
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
