<?php
namespace TicketMetadata\Client;

/** The routes for the erasure of customers. The key needs the scope erase. */
final class Erasures {

	private Client $client;

	public function __construct( Client $client ) {
		$this->client = $client;
	}

	/** @param int $customer the service's id. The same customer again is the same erasure while that is open */
	public function request( int $customer ): Answer {
		return $this->client->ask(
			static fn(): Request => Request::withBody( 'POST', '/erasures', [ 'customer_id' => $customer ], '', Expected::little() ),
			[ self::class, 'read' ]
		);
	}

	/** How far it is. */
	public function get( int $id ): Answer {
		return $this->client->ask( static fn(): Request => new Request( 'GET', "/erasures/$id", Expected::little() ), [ self::class, 'read' ] );
	}

	/** @return array|null erasure_id, state (running, waiting or done), waiting_for, and the numbers of what was erased; null: not an erasure */
	public static function read( array $body ): ?array {
		$isErasure = TicketShape::isNumber( $body['erasure_id'] ?? null, 1 ) && in_array( $body['state'] ?? null, [ 'running', 'waiting', 'done' ], true );
		$isWord    = ! isset( $body['waiting_for'] ) || Answer::isCode( $body['waiting_for'] );
		foreach ( [ 'tickets', 'answers', 'journal_entries' ] as $name ) {
			$isErasure = $isErasure && TicketShape::isNumber( $body[ $name ] ?? null, 0 );
		}
		return $isErasure && $isWord ? $body : null;
	}
}
