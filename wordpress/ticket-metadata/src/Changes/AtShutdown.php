<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Config;
use TicketMetadata\Errors;
use TicketMetadata\Plugin;

/** Sends the changes of a PHP request at its end. What cannot be delivered goes into the outbox. */
final class AtShutdown {

	/** A listener that marks tickets whenever tickets are sent would never end. */
	private const ROUNDS_MAX = 5;

	/** Per help desk. More would block the page's PHP process, and their snapshots would fill its memory. */
	private const SENT_MAX = 1000;

	/** @var array{int, array{int, string, string}}[] by site: ticket, code and detail */
	private static array $reports = [];

	public static function listen(): void {
		// After all other listeners, which may still change tickets.
		add_action( 'shutdown', [ self::class, 'run' ], PHP_INT_MAX );
		LastResort::stay();
	}

	public static function run(): void {
		if ( ! Plugin::hasMarks() ) {
			return;
		}
		$marks = Plugin::marks();
		Page::finish();
		// For all batches together, where PHP cannot finish the page first.
		$deadline = Page::isAwaited() ? Deadline::in( ( new Config() )->timeoutMs() ) : null;
		for ( $round = 1; ! $marks->isEmpty() && $round <= self::ROUNDS_MAX; $round++ ) {
			foreach ( $marks->blogs() as $blog ) {
				self::onSite( $blog, static fn() => self::send( $blog, $marks, $deadline ) );
			}
		}
		self::keep( $marks );
	}

	/** Puts unsent changes into the outbox, without trying to send them. */
	public static function keep( Marks $marks ): void {
		self::storeMarks( $marks );
		// Last, because a listener may end PHP or change more tickets.
		$reports       = self::$reports;
		self::$reports = [];
		foreach ( $reports as [ $blog, $report ] ) {
			self::onSite( $blog, static fn() => Errors::report( ...$report ) );
		}
		self::storeMarks( $marks );
		self::$reports = [];
	}

	private static function storeMarks( Marks $marks ): void {
		if ( $marks->isEmpty() ) {
			return;
		}
		$why = Outcome::undelivered( 'not_sent', 'The PHP request ended before its changes could be sent.' );
		foreach ( $marks->blogs() as $blog ) {
			self::onSite(
				$blog,
				static function () use ( $marks, $blog, $why ): void {
					foreach ( $marks->takeTickets( $blog ) as $slug => $tickets ) {
						self::concludeTickets( $slug, array_map( static fn(): Outcome => $why, $tickets ) );
					}
					$fields = $marks->takeFields( $blog );
					self::concludeFields( $fields, array_map( static fn(): Outcome => $why, $fields ) );
				}
			);
		}
	}

	private static function note( int $id, string $code, string $detail ): void {
		self::$reports[] = [ get_current_blog_id(), [ $id, $code, $detail ] ];
	}

	private static function send( int $blog, Marks $marks, ?Deadline $deadline ): void {
		$client  = $deadline === null ? Plugin::patientClient() : Plugin::client()->by( $deadline );
		$circuit = wp_using_ext_object_cache() ? null : OutboxCircuit::begin( Client::state() );
		$sending = new self( $circuit === null ? $client : $client->under( $circuit ), $circuit );
		foreach ( $marks->takeTickets( $blog ) as $slug => $tickets ) {
			if ( count( $tickets ) > self::SENT_MAX ) {
				$tickets = self::putOff( $slug, $tickets );
			}
			foreach ( array_chunk( $tickets, self::SENT_MAX, true ) as $some ) {
				$sending->sendTickets( $slug, $some );
			}
		}
		$sending->sendFields( $marks->takeFields( $blog ) );
		if ( $circuit !== null ) {
			$circuit->end();
		}
	}

	/** @param callable(): void $work */
	private static function onSite( int $blog, callable $work ): void {
		$isElsewhere = is_multisite() && $blog !== get_current_blog_id();
		if ( $isElsewhere ) {
			switch_to_blog( $blog );
		}
		try {
			$work();
		} finally {
			if ( $isElsewhere ) {
				restore_current_blog();
			}
		}
	}

	private Client $client;

	/** null: it is in the object cache */
	private ?OutboxCircuit $circuit;

	private function __construct( Client $client, ?OutboxCircuit $circuit ) {
		$this->client  = $client;
		$this->circuit = $circuit;
	}

	/** @param array<int, bool> $tickets by the help desk's id: whether it is new */
	private function sendTickets( string $slug, array $tickets ): void {
		$ids      = array_keys( $tickets );
		$outcomes = self::outcomes(
			$ids,
			function () use ( $slug, $ids, $tickets ): array {
				$waiting = $this->waiting( $slug, $ids );
				$paused  = $this->client->paused();
				if ( $paused !== null ) {
					// Nobody need look at tickets that will not be sent.
					return array_fill_keys( $ids, Outcome::ofAnswer( $paused ) );
				}
				$behind = $this->behind( $waiting );
				$free   = array_values( array_diff( $ids, array_keys( $behind ) ) );
				return $behind + ( new Sender( $this->client ) )->deliver( self::bridge( $slug ), $free, array_keys( array_filter( $tickets ) ), true );
			}
		);
		self::concludeTickets( $slug, $outcomes );
	}

	/**
	 * @param string $source as in a row of the outbox
	 * @param int[]  $ids
	 * @return array<int, true> those that are in the outbox
	 */
	private function waiting( string $source, array $ids ): array {
		try {
			if ( $this->circuit !== null ) {
				return $this->circuit->look( $source, $ids );
			}
			return Outbox::isSurelyEmpty() ? [] : ( new Outbox() )->waiting( $source, $ids );
		} catch ( \Throwable $error ) {
			// An unreadable outbox must not prevent sending.
			self::note( 0, 'outbox_failed', $error->getMessage() );
			return [];
		}
	}

	/**
	 * The tickets that must stay in the outbox, because the service cannot tell whether it has them.
	 *
	 * @param array<int, true> $waiting
	 * @return array<int, Outcome>
	 */
	private function behind( array $waiting ): array {
		$reason = $waiting === [] ? null : Health::reasonToWait( $this->client, false );
		return $reason === null ? [] : array_fill_keys( array_keys( $waiting ), $reason );
	}

	/**
	 * The fields that must not be sent yet, because older ones, or the ticket itself, are in the outbox.
	 *
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function fieldsBehind( array $ids ): array {
		$waiting = $this->waiting( '', $ids );
		try {
			$isEmpty = $this->circuit !== null ? $this->circuit->span() === 0 : Outbox::isSurelyEmpty() || ( new Outbox() )->oldestAt() === null;
		} catch ( \Throwable $error ) {
			// As above.
			self::note( 0, 'outbox_failed', $error->getMessage() );
			return [];
		}
		$reason = $isEmpty ? null : Health::reasonToWait( $this->client, false );
		return array_fill_keys( $reason === null ? array_keys( $waiting ) : $ids, $reason ?? Outcome::undelivered( 'behind_others', 'Older changes to the ticket are waiting in the outbox.' ) );
	}

	/** @param array<int, array> $fields by the id that the plugin's functions take */
	private function sendFields( array $fields ): void {
		if ( $fields === [] ) {
			return;
		}
		$outcomes = self::outcomes(
			array_keys( $fields ),
			function () use ( $fields ): array {
				$behind = $this->fieldsBehind( array_keys( $fields ) );
				return $behind + DeferredFields::send( $this->client, array_diff_key( $fields, $behind ) );
			}
		);
		self::concludeFields( $fields, $outcomes );
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
			// A bug in a bridge or in another plugin's filter must not lose tickets.
			return array_fill_keys( $ids, Outcome::undelivered( 'client_error', get_class( $error ) . ': ' . $error->getMessage() ) );
		}
	}

	/**
	 * Leaves tickets to the next replay, as many as the outbox has room for.
	 *
	 * @param array<int, bool> $tickets
	 * @return array<int, bool> the others
	 */
	private static function putOff( string $slug, array $tickets ): array {
		try {
			$later = array_slice( $tickets, 0, ( new Outbox() )->room(), true );
		} catch ( \Throwable $error ) {
			self::note( 0, 'outbox_failed', $error->getMessage() );
			return $tickets;
		}
		$why    = Outcome::undelivered( 'put_off', 'Very many tickets changed in one page: they are sent in the background.' );
		$unkept = ( new OutboxWriter() )->tickets( $slug, array_keys( $later ), $why );
		return array_intersect_key( $tickets, $unkept ) + array_diff_key( $tickets, $later );
	}

	/** @param array<int, Outcome> $outcomes */
	private static function concludeTickets( string $slug, array $outcomes ): void {
		self::conclude( $outcomes, static fn( OutboxWriter $writer, array $ids, Outcome $why ): array => $writer->tickets( $slug, $ids, $why ) );
	}

	/** @param array<int, Outcome> $outcomes */
	private static function concludeFields( array $fields, array $outcomes ): void {
		self::conclude( $outcomes, static fn( OutboxWriter $writer, array $ids, Outcome $why ): array => $writer->fields( $fields, $ids, $why ) );
	}

	/**
	 * @param array<int, Outcome>                                  $outcomes
	 * @param callable(OutboxWriter, int[], Outcome): array<int, string> $keep
	 */
	private static function conclude( array $outcomes, callable $keep ): void {
		$idsByReason = [];
		foreach ( $outcomes as $id => $outcome ) {
			$idsByReason[ $outcome->isStored() ? '' : serialize( $outcome ) ][] = $id;
		}
		$writer = new OutboxWriter();
		foreach ( $idsByReason as $ids ) {
			$why = $outcomes[ $ids[0] ];
			if ( $why->isStored() ) {
				Plugin::lastDelivery()->note();
				continue;
			}
			// What was deleted in the service needs no place in the outbox.
			$unkept = $why->isFinal() ? [] : $keep( $writer, $ids, $why );
			foreach ( $ids as $id ) {
				self::note( $id, $why->code, $unkept[ $id ] ?? $why->detail );
			}
		}
	}

	private static function bridge( string $slug ): Bridge {
		$bridge = Bridges::active()[ $slug ] ?? null;
		if ( $bridge === null ) {
			throw new \RuntimeException( "No bridge for the help desk $slug is active here." );
		}
		return $bridge;
	}
}
