<?php
namespace TicketMetadata\Client;

/** Reads many tickets, in as many requests as their size asks for. Complete, or with a failure: no ticket is missing only because an answer left it out. */
final class TicketList {

	/** Per request. The service takes 500, but ends an answer at about 4 MiB, which tickets of full length reach with 80. */
	private const IDS_MAX = 100;

	/** The field with the ids that an answer had no room for. An older service has none, and sends all tickets. */
	private const UNPROCESSED = 'unprocessed';

	/** @var array<int, array> by the service's ids */
	public array $tickets = [];

	/** @var array<int, string> the reasons, by id: tickets that the service has and cannot read */
	public array $unreadable = [];

	/** What ended it early; null: all was read. */
	public ?Answer $failure = null;

	private Client $client;

	private function __construct( Client $client ) {
		$this->client = $client;
	}

	/** @param int[] $ids the service's */
	public static function of( Client $client, array $ids ): self {
		$list = new self( $client );
		$left = array_values( array_unique( $ids ) );
		$size = self::IDS_MAX;
		while ( $left !== [] && $list->failure === null ) {
			$some   = array_slice( $left, 0, $size );
			$answer = $client->list( $some );
			if ( $answer->isTooLarge && count( $some ) > 1 ) {
				$size = intdiv( count( $some ) + 1, 2 );
				continue;
			}
			$left = array_merge( $list->take( $some, $answer ), array_slice( $left, count( $some ) ) );
		}
		return $list;
	}

	/**
	 * @param int[] $ids
	 * @return int[] those to ask for again
	 */
	private function take( array $ids, Answer $answer ): array {
		if ( $answer->code !== '' ) {
			$this->failure = $answer;
			return [];
		}
		$known     = $this->known( $answer->body );
		$unprocessed = self::numbers( $answer->body[ self::UNPROCESSED ] ?? [] );
		$again     = $unprocessed === null ? [] : array_values( array_intersect( $ids, $unprocessed ) );
		// Each id is answered or remains, and at least one is answered: otherwise this would never end.
		if ( $known === null || $unprocessed === null || count( $again ) === count( $ids ) || array_diff( $ids, $known, $again ) !== [] || array_diff( $known, $ids ) !== [] ) {
			$this->failure = Answer::unfitting( $answer->status );
			return [];
		}
		return $again;
	}

	/** @return int[]|null the ids of which the answer says anything; null: it is not a list of tickets */
	private function known( array $body ): ?array {
		$missing = self::numbers( $body['missing'] ?? [] );
		$errors  = $body['errors'] ?? [];
		if ( $missing === null || ! is_array( $errors ) || ! is_array( $body['tickets'] ?? null ) ) {
			return null;
		}
		$known = $missing;
		foreach ( $body['tickets'] as $value ) {
			$ticket = TicketShape::read( $value );
			if ( $ticket === null ) {
				return null;
			}
			$this->tickets[ $ticket['ticket_id'] ] = $ticket;
			$known[]                               = $ticket['ticket_id'];
		}
		foreach ( $errors as $error ) {
			$id = is_array( $error ) ? $error['ticket_id'] ?? null : null;
			if ( ! is_int( $id ) ) {
				return null;
			}
			$this->unreadable[ $id ] = Answer::line( is_array( $error['error'] ?? null ) ? $error['error']['detail'] ?? null : null );
			$known[]                 = $id;
		}
		return $known;
	}

	/**
	 * @param mixed $value
	 * @return int[]|null null: not a list of numbers
	 */
	private static function numbers( $value ): ?array {
		return is_array( $value ) && array_filter( $value, 'is_int' ) === $value ? array_values( $value ) : null;
	}
}
