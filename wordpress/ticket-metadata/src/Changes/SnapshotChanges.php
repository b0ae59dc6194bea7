<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\ConfirmsDeletion;

/** What has to be done in the service so that it has a help desk's tickets as they were read. */
final class SnapshotChanges {

	private Bridge $bridge;

	private Fields $fields;

	private Reading $reading;

	/** @var array<int, true> */
	private array $isNew;

	private bool $isOfRequest;

	/** @param array<int, true> $isNew by id: tickets that are new to the service, those of this PHP request to the help desk, too */
	public function __construct( Bridge $bridge, Fields $fields, Reading $reading, array $isNew, bool $isOfRequest ) {
		$this->bridge      = $bridge;
		$this->fields      = $fields;
		$this->reading     = $reading;
		$this->isNew       = $isNew;
		$this->isOfRequest = $isOfRequest;
	}

	/**
	 * @param int[] $ids
	 * @return array{array<int, Change>, array<int, Outcome>} what can be sent, and the reasons for the rest
	 */
	public function of( array $ids ): array {
		$changes = [];
		$refused = [];
		$dates   = new Dates( $this->bridge, $ids );
		$deleted = array_fill_keys( $this->deleted( $ids ), true );
		foreach ( $ids as $id ) {
			try {
				$ticketId = TicketIds::toService( $this->bridge->slug(), $id );
				$snapshot = $this->reading->of( $id );
				$fields   = $snapshot === null ? [] : $this->fields->of( $snapshot );
				if ( $snapshot !== null && Erased::covers( $fields ) ) {
					$refused[ $id ] = Outcome::refused( Outcome::ERASED, 'The customer was erased in the service, so the ticket is not sent there again.' );
				} elseif ( $snapshot !== null ) {
					$changes[ $id ] = $this->change( $ticketId, $id, $snapshot, $fields, $dates );
				} elseif ( isset( $deleted[ $id ] ) ) {
					$changes[ $id ] = Change::deletion( $ticketId );
				} else {
					$changes[ $id ] = new Change( $ticketId, $this->fields->ofDeleted(), false, true );
				}
			} catch ( \RangeException $error ) {
				$refused[ $id ] = Outcome::refused( 'id_out_of_range', $error->getMessage() );
			}
		}
		return [ $changes, $refused ];
	}

	private function change( int $ticketId, int $id, array $snapshot, array $fields, Dates $dates ): Change {
		$isNew     = isset( $this->isNew[ $id ] );
		$isClosing = $this->fields->isClosing( $snapshot );
		// What this page has opened begins its life now, unless it was closed long ago elsewhere.
		$isOpened  = $isNew && $this->isOfRequest && ! $isClosing;
		$ofImport  = static fn(): ?array => $dates->of( $id, $snapshot['created_at'] ?? null, $isClosing );
		return new Change( $ticketId, $fields, $isNew, false, $isOpened ? null : $ofImport );
	}

	/**
	 * @param int[] $ids
	 * @return int[] those that were deleted for good
	 */
	private function deleted( array $ids ): array {
		$gone = array_values( array_filter( $ids, fn( int $id ): bool => $this->reading->of( $id ) === null ) );
		if ( $gone === [] || ! $this->bridge instanceof ConfirmsDeletion ) {
			return [];
		}
		$known = array_values( array_filter( $gone, [ $this->reading, 'isDeleted' ] ) );
		$rest  = array_values( array_diff( $gone, $known ) );
		return array_merge( $known, $rest === [] ? [] : $this->bridge->deleted( $rest ) );
	}
}
