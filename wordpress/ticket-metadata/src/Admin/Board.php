<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Client\Deadline;
use TicketMetadata\Config;
use TicketMetadata\KnownStatuses;
use TicketMetadata\Lists;
use TicketMetadata\Plugin;

/** What the dashboard widget shows, as the service has it now. All requests together take no longer than a page may wait. */
final class Board {

	private const TICKETS = 5;

	/** The service sorts by date only if there are not too many open tickets. Ids grow, too. */
	private const SORTS = [ 'created_at', 'ticket_id' ];

	/** @var array|\WP_Error */
	private $page;

	/** @var array|\WP_Error|null null: not asked */
	private $counts = null;

	private function __construct() {}

	public static function ofPage(): self {
		$board    = new self();
		$client   = Plugin::client()->by( Deadline::in( ( new Config() )->timeoutMs() ) );
		$lists    = new Lists( $client );
		$statuses = KnownStatuses::open();
		// This is quick however many tickets there are. So if it takes long, it counts for the circuit.
		foreach ( self::SORTS as $sort ) {
			$board->page = $lists->find( [ 'status' => $statuses ], [ 'sort' => $sort, 'limit' => self::TICKETS ] );
			if ( ! is_wp_error( $board->page ) || $board->page->get_error_code() !== 'validation_failed' ) {
				break;
			}
		}
		if ( ! is_wp_error( $board->page ) ) {
			// Without filters the service knows them: MySQL passes over no rows.
			$board->counts = $lists->counts( 'status', [] );
		}
		return $board;
	}

	/** @return string why there is nothing to show, for people; empty: there is */
	public function error(): string {
		if ( ! is_wp_error( $this->page ) ) {
			return '';
		}
		$detail = current_user_can( 'manage_options' ) ? ' ' . $this->page->get_error_message() : '';
		if ( $this->page->get_error_code() === 'forbidden' ) {
			return __( 'The key of this site lacks the scope read, which the list needs.', 'ticket-metadata' ) . $detail;
		}
		return __( 'The ticket-metadata service cannot show the tickets now.', 'ticket-metadata' ) . $detail;
	}

	/** @return array[] */
	public function oldest(): array {
		return is_wp_error( $this->page ) ? [] : $this->page['tickets'];
	}

	/** @return array<string, int>|null by each status that tickets have; null: the service did not count them */
	public function counts(): ?array {
		return is_array( $this->counts ) ? $this->counts['counts'] : null;
	}
}
