<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Config;
use TicketMetadata\Errors;
use TicketMetadata\Plugin;

/** Sends what changed in a PHP request when all else is done, and spools what cannot be delivered. */
final class AtShutdown {

	/** Who marks tickets because tickets were sent, would do so for ever. */
	private const ROUNDS_MAX = 5;

	public static function listen(): void {
		// Behind all others, which may still change tickets.
		add_action( 'shutdown', [ self::class, 'run' ], PHP_INT_MAX );
	}

	public static function run(): void {
		$marks = Plugin::marks();
		if ( $marks->isEmpty() ) {
			return;
		}
		Page::finish();
		// However many batches it takes: so long may a page wait, where PHP cannot send it off first.
		$deadline = Page::isAwaited() ? Deadline::in( ( new Config() )->timeoutMs() ) : null;
		for ( $round = 1; ! $marks->isEmpty() && $round <= self::ROUNDS_MAX; $round++ ) {
			foreach ( $marks->blogs() as $blog ) {
				self::onSite( $blog, $marks, $deadline );
			}
		}
	}

	private static function onSite( int $blog, Marks $marks, ?Deadline $deadline ): void {
		$isElsewhere = is_multisite() && $blog !== get_current_blog_id();
		if ( $isElsewhere ) {
			switch_to_blog( $blog );
		}
		try {
			$client  = $deadline === null ? Plugin::patientClient() : Plugin::client()->by( $deadline );
			$sending = new self( $client );
			foreach ( $marks->takeTickets( $blog ) as $slug => $tickets ) {
				$sending->sendTickets( $slug, $tickets );
			}
			$sending->sendFields( $marks->takeFields( $blog ) );
		} finally {
			if ( $isElsewhere ) {
				restore_current_blog();
			}
		}
	}

	private Client $client;

	private function __construct( Client $client ) {
		$this->client = $client;
	}

	/** @param array<int, bool> $tickets by the help desk's id: whether it is new */
	private function sendTickets( string $slug, array $tickets ): void {
		$ids      = array_keys( $tickets );
		$outcomes = self::outcomes(
			$ids,
			function () use ( $slug, $ids, $tickets ): array {
				$behind = $this->behind( $slug, $ids );
				$free   = array_values( array_diff( $ids, array_keys( $behind ) ) );
				return $behind + ( new Outbox( $this->client ) )->deliver( self::bridge( $slug ), $free, array_keys( array_filter( $tickets ) ) );
			}
		);
		self::conclude(
			$outcomes,
			static fn( int $id, Outcome $why ): bool => ( new Spool() )->addTicket( $slug, $id, $why )
		);
	}

	/**
	 * Those that wait, where the service could not tell whether it knows them: they may be new to it.
	 *
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function behind( string $slug, array $ids ): array {
		try {
			$waiting = ( new Spool() )->waiting( $slug, $ids );
		} catch ( \RuntimeException $error ) {
			// A spool that cannot be read keeps nothing from being sent.
			Errors::report( 0, 'spool_failed', $error->getMessage() );
			return [];
		}
		$reason = $waiting === [] ? null : Health::reasonToWait( $this->client, false );
		return $reason === null ? [] : array_fill_keys( array_keys( $waiting ), $reason );
	}

	/** @param array<int, array> $fields by the id that the functions of the plugin take */
	private function sendFields( array $fields ): void {
		if ( $fields === [] ) {
			return;
		}
		$outcomes = self::outcomes(
			array_keys( $fields ),
			function () use ( $fields ): array {
				// What waits is older: it must not arrive later.
				$waiting = array_intersect_key( $fields, ( new Spool() )->waiting( '', array_keys( $fields ) ) );
				$behind  = Outcome::undelivered( 'behind_others', 'Older changes of the ticket wait.' );
				return array_fill_keys( array_keys( $waiting ), $behind ) + DeferredFields::send( $this->client, array_diff_key( $fields, $waiting ) );
			}
		);
		self::conclude(
			$outcomes,
			static fn( int $id, Outcome $why ): bool => ( new Spool() )->addFields( $id, $fields[ $id ], $why )
		);
	}

	/**
	 * @param int[]                          $ids
	 * @param callable(): array<int, Outcome> $send
	 * @return array<int, Outcome>
	 */
	private static function outcomes( array $ids, callable $send ): array {
		try {
			return $send();
		} catch ( \Throwable $error ) {
			// Of a bridge or a filter of another plugin, say: the tickets must not be forgotten for it.
			return array_fill_keys( $ids, Outcome::undelivered( 'client_error', get_class( $error ) . ': ' . $error->getMessage() ) );
		}
	}

	/**
	 * @param array<int, Outcome>           $outcomes
	 * @param callable(int, Outcome): bool  $spool
	 */
	private static function conclude( array $outcomes, callable $spool ): void {
		$delivered = 0;
		foreach ( $outcomes as $id => $outcome ) {
			if ( $outcome->isStored() ) {
				++$delivered;
				continue;
			}
			try {
				$detail = $spool( $id, $outcome )
					? $outcome->detail
					: __( 'The spool is full, and the change is not kept. When the service is back: wp ticket-metadata backfill.', 'ticket-metadata' ) . " $outcome->detail";
			} catch ( \Throwable $error ) {
				$detail = $error->getMessage();
			}
			Errors::report( $id, $outcome->code, $detail );
		}
		if ( $delivered > 0 ) {
			Plugin::lastDelivery()->note();
		}
	}

	private static function bridge( string $slug ): Bridge {
		$bridge = Bridges::active()[ $slug ] ?? null;
		if ( $bridge === null ) {
			throw new \RuntimeException( "Nothing here knows the help desk $slug." );
		}
		return $bridge;
	}
}
