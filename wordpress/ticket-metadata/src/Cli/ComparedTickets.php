<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Changes\Comparison;
use TicketMetadata\Changes\Erased;
use TicketMetadata\Changes\Fields;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Changes\Tombstones;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\TicketList;

/** Compares tickets of a help desk with the service's. */
final class ComparedTickets {

	private Client $client;

	private Bridge $bridge;

	private Fields $fields;

	private Tombstones $tombstones;

	public function __construct( Client $client, Bridge $bridge ) {
		$this->client = $client;
		$this->bridge = $bridge;
		$this->fields = new Fields( $bridge );

		$this->tombstones = new Tombstones( $bridge->slug() );
	}

	/**
	 * @param int[] $ids the help desk's
	 * @return array<int, ComparedTicket> by id: those that still exist in the help desk
	 */
	public function compare( array $ids ): array {
		$compared  = [];
		$toService = [];
		$snapshots = $this->bridge->snapshots( $ids );
		foreach ( array_keys( $snapshots ) as $id ) {
			try {
				$toService[ $id ] = TicketIds::toService( $this->bridge->slug(), $id );
			} catch ( \RangeException $error ) {
				// It was never sent.
				$compared[ $id ] = new ComparedTicket( ComparedTicket::MISSING, [ 'ticket_id' => [ $id, null ] ] );
			}
		}
		$list = $this->ask( $toService );
		foreach ( $toService as $id => $ticketId ) {
			$compared[ $id ] = isset( $list->unreadable[ $ticketId ] )
				? new ComparedTicket( ComparedTicket::UNREADABLE, [ 'ticket_id' => [ $ticketId, $list->unreadable[ $ticketId ] ] ] )
				: $this->one( $id, $ticketId, $snapshots[ $id ], $list->tickets[ $ticketId ] ?? null );
		}
		return $compared;
	}

	private function one( int $id, int $ticketId, array $snapshot, ?array $ticket ): ComparedTicket {
		if ( $ticket === null && ( $this->tombstones->without( [ $id ] ) === [] || Erased::covers( $this->fields->of( $snapshot ) ) ) ) {
			return new ComparedTicket( ComparedTicket::DELETED );
		}
		if ( $ticket === null ) {
			return new ComparedTicket( ComparedTicket::MISSING, [ 'ticket_id' => [ $ticketId, null ] ] );
		}
		$differences = Comparison::differences( $this->fields->of( $snapshot ), $ticket );
		$isInMysql   = $ticket['version'] === ( $ticket['synced_version'] ?? null );
		return new ComparedTicket( $differences === [] ? ComparedTicket::AGREES : ComparedTicket::DIFFERS, $differences, $isInMysql );
	}

	/** @param int[] $ids the service's */
	private function ask( array $ids ): TicketList {
		$list = TicketList::of( $this->client, $ids );
		if ( $list->failure !== null ) {
			/* translators: %s: what went wrong */
			\WP_CLI::error( sprintf( __( 'The service did not return the tickets: %s', 'ticket-metadata' ), $list->failure->detail() ) );
		}
		return $list;
	}
}
