<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Errors;
use TicketMetadata\Plugin;

/** Sends the tickets of the outbox, oldest first, in one PHP process at a time. */
final class Replay {

	private const PAGE = 200;

	private Client $client;

	private Outbox $outbox;

	private ReplayResult $result;

	public function __construct( Client $client ) {
		$this->client = $client;
		$this->outbox = new Outbox();
		$this->result = new ReplayResult();
	}

	/**
	 * @param int                        $max      number of tickets
	 * @param callable(int): void|null   $progress gets the number of tickets after each page
	 * @param Deadline|null              $deadline after which no further page is started; null: none
	 */
	public static function run( int $max, ?callable $progress = null, ?Deadline $deadline = null ): ReplayResult {
		$replay = new self( Plugin::patientClient() );
		$lock   = new DatabaseLock( 'replay' );
		if ( ! $lock->take() ) {
			$replay->result->isBusy = true;
			return $replay->finished();
		}
		try {
			$replay->work( $max, $progress ?? static function (): void {}, $deadline );
			return $replay->finished();
		} finally {
			$lock->release();
		}
	}

	private function work( int $max, callable $progress, ?Deadline $deadline ): void {
		$afterId = 0;
		while ( $max > 0 && $this->result->stoppedBy === '' && ( $deadline === null || ! $deadline->hasPassed() ) ) {
			$rows = $this->outbox->due( $afterId, min( $max, self::PAGE ) );
			if ( $rows === [] ) {
				return;
			}
			foreach ( self::bySource( $rows ) as $source => $some ) {
				$this->send( (string) $source, $some );
			}
			$progress( count( $rows ) );
			$max    -= count( $rows );
			$afterId = end( $rows )->id;
		}
	}

	/** @param array<int, OutboxRow> $rows by the source's ids */
	private function send( string $source, array $rows ): void {
		foreach ( $this->outcomes( $source, $rows ) as $id => $outcome ) {
			if ( $outcome->isStored() ) {
				$this->outbox->remove( $rows[ $id ] );
				++$this->result->delivered;
				continue;
			}
			if ( $outcome->isFinal() ) {
				$this->outbox->remove( $rows[ $id ] );
				++$this->result->deleted;
				Errors::report( $id, $outcome->code, $outcome->detail );
				continue;
			}
			$this->outbox->note( $rows[ $id ], $outcome );
			if ( $outcome->isRefused ) {
				++$this->result->refused;
			} else {
				$this->result->stoppedBy     = $outcome->code;
				$this->result->stoppedDetail = $outcome->detail;
			}
		}
	}

	/**
	 * @param array<int, OutboxRow> $rows
	 * @return array<int, Outcome>
	 */
	private function outcomes( string $source, array $rows ): array {
		$reason = Health::reasonToWait( $this->client, true );
		if ( $reason !== null ) {
			return array_fill_keys( array_keys( $rows ), $reason );
		}
		if ( $source === '' ) {
			return DeferredFields::send( $this->client, array_map( static fn( OutboxRow $row ): array => $row->fields, $rows ) );
		}
		try {
			$bridge = Bridges::active()[ $source ] ?? null;
			if ( $bridge === null ) {
				return array_fill_keys( array_keys( $rows ), Outcome::refused( 'help_desk_inactive', "The help desk $source is not active here." ) );
			}
			return ( new Sender( $this->client ) )->deliver( $bridge, array_keys( $rows ) );
		} catch ( \Throwable $error ) {
			// Refused, so that the tickets behind them are still sent.
			return array_fill_keys( array_keys( $rows ), Outcome::refused( 'client_error', get_class( $error ) . ': ' . $error->getMessage() ) );
		}
	}

	/**
	 * @param OutboxRow[] $rows
	 * @return array<string, array<int, OutboxRow>>
	 */
	private static function bySource( array $rows ): array {
		$sources = [];
		foreach ( $rows as $row ) {
			$sources[ $row->source ][ $row->ticketId ] = $row;
		}
		return $sources;
	}

	private function finished(): ReplayResult {
		$this->result->left = $this->outbox->depth();
		if ( $this->result->delivered > 0 && $this->result->left > 0 && $this->result->stoppedBy === '' ) {
			OutboxCircuit::forgetFailures();
		}
		$this->outbox->correctSign();
		if ( $this->result->delivered > 0 ) {
			Plugin::lastDelivery()->note();
		}
		return $this->result;
	}
}
