<?php
namespace TicketMetadata\Changes;

/** Puts what could not be delivered into the outbox, as much of it as can be. */
final class OutboxWriter {

	private ?Outbox $outbox = null;

	/** In a row: then it is not for what is in one of them. */
	private const FAILURES_MAX = 20;

	/** Why nothing is tried any more. A database that is gone takes seconds each time that it is asked: once is enough. */
	private string $gone = '';

	private int $failures = 0;

	/**
	 * @param int[] $ids the help desk's
	 * @return array<int, string> those that are not kept, and why
	 */
	public function tickets( string $slug, array $ids, Outcome $why ): array {
		return $this->keep(
			$ids,
			fn( array $some ): array => $this->outbox()->addTickets( $slug, $some, $why ),
			__( 'The outbox is full, and the change is not kept. When the service is back: wp ticket-metadata backfill.', 'ticket-metadata' ) . " $why->detail"
		);
	}

	/**
	 * @param array<int, array> $fields by the id that the functions of the plugin take
	 * @param int[]             $ids    those of them that are to be kept
	 * @return array<int, string> those that are not kept, and why
	 */
	public function fields( array $fields, array $ids, Outcome $why ): array {
		return $this->keep(
			$ids,
			fn( array $some ): array => array_filter( $some, fn( int $id ): bool => ! $this->outbox()->addFields( $id, $fields[ $id ], $why ) ),
			__( 'The outbox is full, and the deferred fields are lost: whoever gave them has to give them again.', 'ticket-metadata' ) . " $why->detail"
		);
	}

	/**
	 * @param int[]                  $ids
	 * @param callable(int[]): int[] $add answers those for which there was no room
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
			// What is wrong with one takes no other with it.
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
