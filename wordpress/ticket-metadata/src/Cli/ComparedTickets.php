<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Changes\Comparison;
use TicketMetadata\Changes\Fields;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\Client;

/** Compares tickets of a help desk with the service's. */
final class ComparedTickets {

	private Client $client;

	private Bridge $bridge;

	private Fields $fields;

	public function __construct( Client $client, Bridge $bridge ) {
		$this->client = $client;
		$this->bridge = $bridge;
		$this->fields = new Fields( $bridge );
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
		[ $tickets, $unreadable ] = $toService === [] ? [ [], [] ] : $this->ask( $toService );
		foreach ( $toService as $id => $ticketId ) {
			$compared[ $id ] = isset( $unreadable[ $ticketId ] )
				? new ComparedTicket( ComparedTicket::UNREADABLE, [ 'ticket_id' => [ $ticketId, $unreadable[ $ticketId ] ] ] )
				: $this->one( $ticketId, $snapshots[ $id ], $tickets[ $ticketId ] ?? null );
		}
		return $compared;
	}

	private function one( int $ticketId, array $snapshot, ?array $ticket ): ComparedTicket {
		if ( $ticket === null ) {
			return new ComparedTicket( ComparedTicket::MISSING, [ 'ticket_id' => [ $ticketId, null ] ] );
		}
		$differences = Comparison::differences( $this->fields->of( $snapshot ), $ticket );
		$isInMysql   = isset( $ticket['version'], $ticket['synced_version'] ) && $ticket['version'] === $ticket['synced_version'];
		return new ComparedTicket( $differences === [] ? ComparedTicket::AGREES : ComparedTicket::DIFFERS, $differences, $isInMysql );
	}

	/**
	 * @param int[] $ids the service's
	 * @return array{array<int, array>, array<int, string>} tickets, and the reasons for those that cannot be read
	 */
	private function ask( array $ids ): array {
		$answer = $this->client->list( array_values( $ids ) );
		if ( $answer->status !== 200 || ! is_array( $answer->body['tickets'] ?? null ) ) {
			/* translators: %s: what went wrong */
			\WP_CLI::error( sprintf( __( 'The service did not return the tickets: %s', 'ticket-metadata' ), $answer->detail() ) );
		}
		$unreadable = [];
		foreach ( $answer->body['errors'] ?? [] as $error ) {
			$unreadable[ (int) $error['ticket_id'] ] = (string) ( $error['error']['detail'] ?? '' );
		}
		return [ array_column( $answer->body['tickets'], null, 'ticket_id' ), $unreadable ];
	}
}
