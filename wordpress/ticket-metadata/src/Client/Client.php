<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/** The service's routes. Nothing here throws: a failure is an Answer with a code. */
final class Client {

	private Config $config;

	private Delivery $delivery;

	private ?Deadline $deadline = null;

	/** How many writes this PHP request has sent: what it has read before may be old. */
	public static int $writes = 0;

	/** Whether it sends requests even if the circuit is open. */
	private bool $isTrial = false;

	/** Whether its results close or open the circuit. */
	private bool $isRecorded = true;

	public function __construct( Config $config, Delivery $delivery ) {
		$this->config   = $config;
		$this->delivery = $delivery;
	}

	/** @param int|null $timeoutMs null: the timeout for pages */
	public static function fromConfig( Config $config, ?int $timeoutMs = null ): self {
		return new self( $config, new Delivery( self::transport( $config ), new CircuitBreaker( self::state() ), $timeoutMs ?? $config->timeoutMs() ) );
	}

	private static function transport( Config $config ): Transport {
		if ( self::isBehindProxy( $config ) ) {
			return new WordPressTransport( $config, null, true );
		}
		if ( StreamTransport::isPossible( $config ) ) {
			return new StreamTransport( $config );
		}
		return CurlTransport::isPossible() ? new CurlTransport( $config ) : new WordPressTransport( $config );
	}

	/** State that all PHP requests of the site share. */
	public static function state(): SharedState {
		global $wpdb;
		return wp_using_ext_object_cache() ? new ObjectCacheState() : new OptionState( $wpdb );
	}

	/** @return self with the same connection, for several calls that share a deadline */
	public function by( Deadline $deadline ): self {
		$client           = clone $this;
		$client->deadline = $deadline;
		return $client;
	}

	/** @return self with the same connection, which keeps the circuit there */
	public function under( SharedState $state ): self {
		$client           = clone $this;
		$client->delivery = $this->delivery->under( new CircuitBreaker( $state ) );
		return $client;
	}

	/** @return self with the same connection, which sends requests even if the circuit is open */
	public function trying(): self {
		$client          = clone $this;
		$client->isTrial = true;
		return $client;
	}

	/** @return self with the same connection, for requests whose length depends on what is asked: that they take long says nothing of the service */
	public function unrecorded(): self {
		$client             = clone $this;
		$client->isRecorded = false;
		return $client;
	}

	/** @return Answer|null what any call would get now without a request, because the circuit is open */
	public function paused(): ?Answer {
		return $this->isTrial ? null : $this->delivery->paused();
	}

	/**
	 * @param array       $fields customer_id at least
	 * @param string|null $key    the Idempotency-Key; null: a new one for each call
	 */
	public function create( int $id, array $fields, ?string $key = null ): Answer {
		return $this->writeTicket( 'POST', $id, $fields, $key );
	}

	/** @param array $fields what changes; null removes */
	public function update( int $id, array $fields, ?string $key = null ): Answer {
		return $this->writeTicket( 'PATCH', $id, $fields, $key );
	}

	/** @param array[] $operations up to 500 of ['op' => 'create', 'import', 'update' or 'delete', 'ticket_id' => 7, ...fields] */
	public function batch( array $operations, ?string $key = null ): Answer {
		return $this->write( 'POST', '/tickets/batch', [ 'operations' => $operations ], $key, Expected::results( count( $operations ) ) );
	}

	public function get( int $id ): Answer {
		return $this->ask(
			static function () use ( $id ): Request {
				return new Request( 'GET', "/tickets/$id", Expected::ticket() );
			},
			static fn( array $body, int $status ): ?array => $status === 200 ? TicketShape::readOf( $body, $id ) : null
		);
	}

	/** @param int[] $ids up to 500; the answer may have room for only some: TicketList asks for all */
	public function list( array $ids ): Answer {
		return $this->ask(
			static function () use ( $ids ): Request {
				return new Request( 'GET', '/tickets?ids=' . implode( ',', array_map( 'intval', $ids ) ), Expected::tickets( count( $ids ) ) );
			}
		);
	}

	/** @param int[] $ids push these now, whatever their state; none: push what is due */
	public function flush( array $ids = [] ): Answer {
		return $this->ask(
			static function () use ( $ids ): Request {
				return Request::withBody( 'POST', '/flush', $ids === [] ? [] : [ 'ticket_ids' => array_values( $ids ) ], '', Expected::results( count( $ids ) ) );
			},
			static fn( array $body, int $status ): ?array => $status === 200 && self::arePushes( $body, $ids ) ? $body : null
		);
	}

	/** How far MySQL is behind the service. The key needs the scope ops. */
	public function backlog(): Answer {
		return $this->ask(
			static function (): Request {
				return new Request( 'GET', '/flush', Expected::little() );
			}
		);
	}

	/** @param bool $isTrial sends the request even if the circuit is open, which most callers of health() want */
	public function health( bool $isTrial = true ): Answer {
		return ( $isTrial ? $this->trying() : $this )->ask(
			static function (): Request {
				return new Request( 'GET', '/health/ready', Expected::little() );
			}
		);
	}

	/** Whether the answer to a flush has a state for each ticket that was named. */
	private static function arePushes( array $body, array $ids ): bool {
		$results = $ids === [] ? [] : $body['results'] ?? null;
		$isPush  = static fn( $result, $id ): bool => is_array( $result ) && ( $result['ticket_id'] ?? null ) === $id && is_string( $result['state'] ?? null );
		return is_array( $results ) && count( $results ) === count( $ids ) && ! in_array( false, array_map( $isPush, array_values( $results ), array_values( $ids ) ), true );
	}

	private function writeTicket( string $method, int $id, array $fields, ?string $key ): Answer {
		$read = static fn( array $body, int $status ): ?array => TicketShape::readWritten( $body, $status, $id );
		return $this->write( $method, "/tickets/$id", $fields, $key, Expected::ticket(), $read );
	}

	private function write( string $method, string $path, array $body, ?string $key, Expected $expected, ?callable $read = null ): Answer {
		++self::$writes;
		return $this->ask(
			static function () use ( $method, $path, $body, $key, $expected ): Request {
				return Request::withBody( $method, $path, $body, $key ?? bin2hex( random_bytes( 16 ) ), $expected );
			},
			$read
		);
	}

	/**
	 * Of any route.
	 *
	 * @param callable(): Request              $compose
	 * @param callable(array, int): ?array|null $read the body of a success, as callers may rely on it, by body and status; null: it is not the answer to the request
	 */
	public function ask( callable $compose, ?callable $read = null ): Answer {
		$answer = $this->tryToAsk( $compose );
		if ( $read !== null && $answer->code === '' ) {
			$body   = $read( $answer->body, $answer->status );
			$answer = $body === null ? Answer::unfitting( $answer->status ) : $answer->withBody( $body );
		}
		$key = $this->config->key();
		if ( $key !== '' && $answer->detail() !== '' ) {
			// Details are shown and logged, and a proxy or an exception may quote the request: remove the key.
			$answer->body['detail'] = str_replace( $key, '(the key)', $answer->body['detail'] );
		}
		return $answer;
	}

	/** @param callable(): Request $compose */
	private function tryToAsk( callable $compose ): Answer {
		$url = $this->config->url();
		if ( $this->config->isDisabled() ) {
			return Answer::failure( 'disabled', 'The plugin is switched off, by TICKET_METADATA_DISABLED or in its settings: nothing is sent to the service.' );
		}
		if ( $url === '' ) {
			return Answer::failure( 'misconfigured', implode( ' ', $this->config->problems() ) );
		}
		try {
			return OutboundRules::block( $url ) ? OutboundRules::refusal( $url ) : $this->delivery->deliver( $compose(), $this->isTrial, $this->deadline, $this->isRecorded );
		} catch ( \InvalidArgumentException $error ) {
			return Answer::failure( 'invalid_argument', $error->getMessage() );
		} catch ( \Throwable $error ) {
			// For example of another plugin's filter. A page must not fail because of ticket metadata.
			return Answer::failure( 'client_error', get_class( $error ) . ': ' . $error->getMessage() );
		}
	}

	/** WordPress's proxy settings (WP_PROXY_HOST) apply only to its own HTTP API. */
	private static function isBehindProxy( Config $config ): bool {
		$proxy = new \WP_HTTP_Proxy();
		return $config->url() !== '' && $proxy->is_enabled() && $proxy->send_through_proxy( $config->url() );
	}
}
