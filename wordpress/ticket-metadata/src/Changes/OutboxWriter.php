<?php
namespace TicketMetadata\Changes;

/** Puts undelivered changes into the outbox, as many as possible. */
final class OutboxWriter {

	private ?Outbox $outbox = null;

	/** Consecutive failures: then the cause is not a single row. */
	private const FAILURES_MAX = 20;

	/** Why nothing more is tried. Each query to an unavailable database takes seconds, so one attempt is enough. */
	private string $gone = '';

	private int $failures = 0;

	/**
	 * @param int[] $ids the help desk's
	 * @return array<int, string> those that were not kept, with the reason
	 */
	public function tickets( string $slug, array $ids, Outcome $why ): array {
		return $this->keep(
			$ids,
			fn( array $some ): array => $this->outbox()->addTickets( $slug, $some, $why ),
			__( 'The outbox is full, so the change was dropped. When the service is available again, run: wp ticket-metadata backfill.', 'ticket-metadata' ) . " $why->detail"
		);
	}

	/**
	 * @param array<int, array> $fields by the id that the plugin's functions take
	 * @param int[]             $ids    which of them to keep
	 * @return array<int, string> those that were not kept, with the reason
	 */
	public function fields( array $fields, array $ids, Outcome $why ): array {
		return $this->keep(
			$ids,
			fn( array $some ): array => array_filter( $some, fn( int $id ): bool => ! $this->outbox()->addFields( $id, $fields[ $id ], $why ) ),
			__( 'The outbox is full, so the deferred fields were dropped. Call ticket_metadata_defer() again when the service is available.', 'ticket-metadata' ) . " $why->detail"
		);
	}

	/**
	 * @param int[]                  $ids
	 * @param callable(int[]): int[] $add returns those for which there was no room
	 * @return array<int, string>
	 */
	private function keep( array $ids, callable $add, string $full ): array {
		if ( $this->gone !== '' ) {
			return array_fill_keys( $ids, $this->gone );
		}
		try {
			$unkept         = array_fill_keys( $add( $ids ), $full );
			$this->failures = 0;
			return $unkept;
		} catch ( DatabaseUnavailable $error ) {
			$this->gone = $error->getMessage();
			return array_fill_keys( $ids, $this->gone );
		} catch ( \Throwable $error ) {
			if ( count( $ids ) === 1 ) {
				if ( ++$this->failures === self::FAILURES_MAX ) {
					$this->gone = $error->getMessage();
				}
				return array_fill_keys( $ids, $error->getMessage() );
			}
			// One bad row must not take others with it.
			$unkept = [];
			foreach ( $ids as $id ) {
				$unkept += $this->keep( [ $id ], $add, $full );
			}
			return $unkept;
		}
	}

	private function outbox(): Outbox {
		$this->outbox = $this->outbox ?? new Outbox();
		return $this->outbox;
	}
}
