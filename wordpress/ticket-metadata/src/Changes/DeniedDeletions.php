<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;
use TicketMetadata\Client\TicketList;

/**
 * Deletions that the service refuses because the key lacks the scope `erase`, or because it is older than deletion. The tickets are
 * closed there instead, as far as they are not, and remain refused: so they are deleted when the key has got the scope, or the
 * service is new.
 */
final class DeniedDeletions {

	private Client $client;

	private Batch $batch;

	/** @var array what a ticket gets that may not be deleted */
	private array $closed;

	public function __construct( Client $client, Batch $batch, array $closed ) {
		$this->client = $client;
		$this->batch  = $batch;
		$this->closed = $closed;
	}

	/**
	 * @param array<int, int>     $denied the service's ids of deletions that were refused, by the help desk's
	 * @param array<int, Outcome> $outcomes
	 * @return array<int, Outcome>
	 */
	public function close( array $denied, array $outcomes ): array {
		$list    = TicketList::of( $this->client, $denied );
		$changes = [];
		foreach ( $denied as $id => $ticketId ) {
			$ticket = $list->tickets[ $ticketId ] ?? null;
			if ( $list->failure === null && $ticket === null && ! isset( $list->unreadable[ $ticketId ] ) ) {
				// There is nothing to delete.
				$outcomes[ $id ] = Outcome::gone();
			} elseif ( $ticket === null || Comparison::differences( $this->closed, $ticket ) !== [] ) {
				// Not at each attempt: an equal change would give the ticket a new version.
				$changes[ $id ] = new Change( $ticketId, $this->closed, false, true );
			}
		}
		$failed = static fn( Outcome $outcome ): bool => ! $outcome->isStored();
		return array_replace( $outcomes, array_filter( $this->batch->send( $changes ), $failed ) );
	}
}
