<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Changes\Agreement;
use TicketMetadata\Changes\Fields;
use TicketMetadata\Changes\Health;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Sender;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Changes\Tombstones;
use TicketMetadata\Client\Client;
use TicketMetadata\Plugin;

/** `wp ticket-metadata backfill` */
final class Backfill {

	/** Between attempts. Together longer than a restart of the service. */
	private const PAUSES_SECONDS = [ 1, 2, 5, 10, 20 ];

	/** Failures that waiting does not cure. */
	private const LASTING = [ 'disabled', 'misconfigured', 'blocked', 'unauthorized', 'forbidden', 'client_error' ];

	private const REFUSALS_SHOWN = 20;

	/** Progress in a log, where there is no progress bar. */
	private const LOGGED_EVERY = 10000;

	private Client $client;

	private Sender $sender;

	/** @var callable(int): void */
	private $pause;

	private int $batch;

	private bool $isDryRun;

	private int $delivered = 0;

	/** Tickets that the service has already as they are. */
	private int $agreeing = 0;

	private int $refused = 0;

	/** Tickets that were deleted in the service: it does not take them again. */
	private int $deleted = 0;

	/** @param callable(int): void $pause */
	public function __construct( Client $client, callable $pause, int $batch, bool $isDryRun ) {
		$this->client   = $client;
		$this->sender   = new Sender( $client );
		$this->pause    = $pause;
		$this->batch    = $batch;
		$this->isDryRun = $isDryRun;
	}

	/**
	 * @param array<string, Bridge> $bridges
	 * @param bool                  $isWhole whether these are all tickets of the site
	 */
	public function run( array $bridges, int $after, bool $isWhole ): void {
		$refused = 0;
		foreach ( $bridges as $bridge ) {
			$this->delivered = 0;
			$this->refused   = 0;
			$this->agreeing  = 0;
			$this->deleted   = 0;
			$others = array_slice( array_keys( $bridges ), array_search( $bridge->slug(), array_keys( $bridges ), true ) + 1 );
			$this->send( $bridge, $after, $others );
			$refused += $this->refused;
			$text = $this->isDryRun
				/* translators: 1: a help desk, 2: a number of tickets, 3: a number of tickets */
				? _n( '%1$s: %2$d ticket would be sent, %3$d cannot be sent.', '%1$s: %2$d tickets would be sent, %3$d cannot be sent.', $this->delivered, 'ticket-metadata' )
				/* translators: 1: a help desk, 2: a number of tickets, 3: a number of tickets */
				: _n( '%1$s: %2$d ticket delivered, %3$d refused.', '%1$s: %2$d tickets delivered, %3$d refused.', $this->delivered, 'ticket-metadata' );
			\WP_CLI::log( sprintf( $text, $bridge->name(), $this->delivered, $this->refused ) . $this->agreeingText() . $this->deletedText() );
		}
		if ( $refused > 0 ) {
			\WP_CLI::error( __( 'Some tickets are not in the service. The warnings say why.', 'ticket-metadata' ) );
		}
		if ( $isWhole && ! $this->isDryRun ) {
			// The dropped changes have arrived now.
			( new Outbox() )->forgetDropped();
		}
		if ( $this->isDryRun ) {
			\WP_CLI::success( __( 'Nothing was sent.', 'ticket-metadata' ) );
			return;
		}
		/* translators: %s: the names of help desks */
		$text = $isWhole ? __( 'All tickets are in the service.', 'ticket-metadata' ) : __( 'These tickets are in the service: %s.', 'ticket-metadata' );
		\WP_CLI::success( sprintf( $text, self::names( $bridges ) ) );
	}

	/** @param array<string, Bridge> $bridges */
	private static function names( array $bridges ): string {
		return implode( ', ', array_map( static fn( Bridge $bridge ): string => $bridge->name(), $bridges ) );
	}

	/** @param string[] $others slugs of the help desks that follow */
	private function send( Bridge $bridge, int $after, array $others ): void {
		$bar = \WP_CLI\Utils\make_progress_bar( $bridge->name(), $bridge->count() );
		for ( $ids = $bridge->ids( $after, $this->batch ); $ids !== []; $ids = $bridge->ids( $after, $this->batch ) ) {
			$outcomes = $this->isDryRun ? $this->tryOut( $bridge, $ids ) : $this->deliver( $bridge, $ids );
			$this->count( $bridge, $outcomes );
			$left = array_filter( $outcomes, [ self::class, 'isLeft' ] );
			if ( $left !== [] ) {
				$bar->finish();
				$this->stop( $bridge, $after, reset( $left ), $others );
			}
			$after = end( $ids );
			$bar->tick( count( $ids ), $bridge->name() . " ($after)" );
			$this->logNowAndThen( $bar, $bridge, $after );
			Memory::release();
		}
		$bar->finish();
	}

	/**
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function deliver( Bridge $bridge, array $ids ): array {
		$outcomes = $this->attempt( $bridge, $ids );
		foreach ( self::PAUSES_SECONDS as $seconds ) {
			$left = array_filter( $outcomes, [ self::class, 'isLeft' ] );
			if ( $left === [] || in_array( reset( $left )->code, self::LASTING, true ) ) {
				break;
			}
			/* translators: 1: what went wrong, 2: a number of seconds */
			\WP_CLI::warning( sprintf( __( '%1$s Trying again in %2$d s.', 'ticket-metadata' ), reset( $left )->detail, $seconds ) );
			( $this->pause )( $seconds );
			$outcomes = array_replace( $outcomes, $this->attempt( $bridge, array_keys( $left ) ) );
		}
		return $outcomes;
	}

	/**
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function attempt( Bridge $bridge, array $ids ): array {
		$reason = Health::reasonToWait( $this->client, true );
		if ( $reason !== null ) {
			return array_fill_keys( $ids, $reason );
		}
		// What agrees would get a new version, and be pushed to MySQL again.
		$agreement       = Agreement::among( $this->client, $bridge, $ids );
		$agreeing        = $agreement === null ? [] : $agreement->agreeing;
		$this->agreeing += count( $agreeing );
		$different       = array_values( array_diff( $ids, $agreeing ) );
		return $different === [] ? [] : $this->sender->deliver( $bridge, $different, $agreement === null ? [] : $agreement->missing );
	}

	private function agreeingText(): string {
		/* translators: %d: a number of tickets */
		return $this->agreeing === 0 ? '' : ' ' . sprintf( _n( '%d ticket agreed already.', '%d tickets agreed already.', $this->agreeing, 'ticket-metadata' ), $this->agreeing );
	}

	private function deletedText(): string {
		/* translators: %d: a number of tickets */
		return $this->deleted === 0 ? '' : ' ' . sprintf( _n( '%d ticket was deleted in the service and stays so.', '%d tickets were deleted in the service and stay so.', $this->deleted, 'ticket-metadata' ), $this->deleted );
	}

	/**
	 * Checks what can be checked without the service.
	 *
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function tryOut( Bridge $bridge, array $ids ): array {
		$outcomes = [];
		$fields   = new Fields( $bridge );
		foreach ( $bridge->snapshots( $ids ) as $id => $snapshot ) {
			try {
				TicketIds::toService( $bridge->slug(), $id );
				$fields->of( $snapshot );
				$outcomes[ $id ] = Outcome::stored();
			} catch ( \RangeException $error ) {
				$outcomes[ $id ] = Outcome::refused( 'id_out_of_range', $error->getMessage() );
			}
		}
		return $outcomes;
	}

	/** @param array<int, Outcome> $outcomes */
	private function count( Bridge $bridge, array $outcomes ): void {
		$before  = $this->delivered;
		$deleted = [];
		foreach ( $outcomes as $id => $outcome ) {
			if ( $outcome->isStored() ) {
				++$this->delivered;
			} elseif ( $outcome->isFinal() ) {
				$deleted[] = $id;
			} elseif ( $outcome->isRefused && ++$this->refused <= self::REFUSALS_SHOWN ) {
				/* translators: 1: a help desk, 2: a ticket's id, 3: a code, 4: why */
				\WP_CLI::warning( sprintf( __( '%1$s ticket %2$d was refused: %3$s. %4$s', 'ticket-metadata' ), $bridge->slug(), $id, $outcome->code, $outcome->detail ) );
			}
		}
		$this->deleted += count( $deleted );
		if ( $deleted !== [] ) {
			// For the comparisons.
			( new Tombstones( $bridge->slug() ) )->note( $deleted );
		}
		if ( $this->delivered > $before && ! $this->isDryRun ) {
			Plugin::lastDelivery()->note();
		}
	}

	/** @param string[] $others */
	private function stop( Bridge $bridge, int $after, Outcome $why, array $others ): void {
		$command  = 'wp ticket-metadata backfill' . ( is_multisite() ? ' --url=' . home_url() : '' ) . ' --bridge=';
		$commands = [ $command . $bridge->slug() . " --after=$after" ];
		foreach ( $others as $slug ) {
			$commands[] = $command . $slug;
		}
		\WP_CLI::error(
			sprintf(
				/* translators: 1: a help desk, 2: a number of tickets, 3: a code, 4: what went wrong, 5: a command */
				_n( '%1$s: stopped after %2$d ticket: %3$s. %4$s Continue with: %5$s', '%1$s: stopped after %2$d tickets: %3$s. %4$s Continue with: %5$s', $this->delivered, 'ticket-metadata' ),
				$bridge->name(),
				$this->delivered,
				$why->code,
				$why->detail,
				implode( '; ', $commands )
			)
		);
	}

	/** @param object $bar */
	private function logNowAndThen( $bar, Bridge $bridge, int $after ): void {
		if ( $bar instanceof \WP_CLI\NoOp && $this->done() % self::LOGGED_EVERY < $this->batch ) {
			/* translators: 1: a help desk, 2: a number of tickets, 3: a ticket's id */
			\WP_CLI::log( sprintf( __( '%1$s: %2$d tickets, up to %3$d.', 'ticket-metadata' ), $bridge->name(), $this->done(), $after ) );
		}
	}

	private function done(): int {
		return $this->delivered + $this->refused + $this->agreeing + $this->deleted;
	}

	/** Neither stored nor refused: the service was unavailable. */
	private static function isLeft( Outcome $outcome ): bool {
		return ! $outcome->isStored() && ! $outcome->isRefused;
	}
}
