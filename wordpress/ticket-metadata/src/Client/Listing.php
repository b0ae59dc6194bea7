<?php
namespace TicketMetadata\Client;

/** Asks for tickets by what they are, a page at a time, and for their numbers. The key needs the scope read. */
final class Listing {

	/** Tickets of a page. */
	public const LIMIT     = 50;
	public const LIMIT_MAX = 100;

	/** Counts are as long as there are values, of which each is a count. */
	private const VALUES_MAX = 500;

	/** What is asked beside filters, and no filter. */
	private const ARGUMENTS = [ 'sort', 'limit', 'cursor', 'partial' ];
	private const NO_FILTER = [ 'ids', 'sort', 'limit', 'cursor', 'partial', 'group_by' ];

	private Client $client;

	public function __construct( Client $client ) {
		$this->client = $client;
	}

	/**
	 * @param array<string, mixed> $filters   by the service's names; a list means any of its values
	 * @param array<string, mixed> $arguments sort, limit, cursor, partial
	 * @return Answer with tickets, next_cursor, has_more, and incomplete if it is partial
	 */
	public function page( array $filters, array $arguments ): Answer {
		$limit = $arguments['limit'] ?? self::LIMIT;
		$count = is_numeric( $limit ) ? max( 1, min( self::LIMIT_MAX, (int) $limit ) ) : self::LIMIT_MAX;
		return $this->client->ask(
			static function () use ( $filters, $arguments, $count ): Request {
				$unknown = array_diff( array_keys( $arguments ), self::ARGUMENTS );
				if ( $unknown !== [] ) {
					throw new \InvalidArgumentException( 'There is no argument ' . wp_json_encode( (string) reset( $unknown ) ) . '. The arguments are ' . implode( ', ', self::ARGUMENTS ) . '.' );
				}
				// Without a filter the service could take the request for one of ids.
				return new Request( 'GET', '/tickets?' . self::query( self::filters( $filters ) + $arguments + [ 'limit' => self::LIMIT ] ), Expected::tickets( $count ) );
			},
			[ self::class, 'readPage' ]
		);
	}

	/**
	 * @param array<string, mixed> $filters as above
	 * @return Answer with counts by value, `none` for those without one, and as_of in Unix seconds
	 */
	public function counts( string $groupBy, array $filters ): Answer {
		return $this->client->unrecorded()->ask(
			static fn(): Request => new Request( 'GET', '/tickets/counts?' . self::query( [ 'group_by' => $groupBy ] + self::filters( $filters ) ), Expected::tickets( self::VALUES_MAX ) ),
			[ self::class, 'readCounts' ]
		);
	}

	/** @return array|null null: not a page of tickets */
	public static function readPage( array $body ): ?array {
		$cursor  = $body['next_cursor'] ?? null;
		$tickets = is_array( $body['tickets'] ?? null ) ? array_map( [ TicketShape::class, 'read' ], array_values( $body['tickets'] ) ) : [ null ];
		$missing = $body['incomplete'] ?? [];
		if ( in_array( null, $tickets, true ) || ! is_bool( $body['has_more'] ?? null ) || ! ( $cursor === null || is_string( $cursor ) ) || $body['has_more'] !== ( $cursor !== null ) || array_diff( (array) $missing, [ 'redis', 'mysql' ] ) !== [] ) {
			return null;
		}
		return [ 'tickets' => $tickets, 'next_cursor' => $cursor, 'has_more' => $body['has_more'] ] + ( $missing === [] ? [] : [ 'incomplete' => array_values( (array) $missing ) ] );
	}

	/** @return array|null null: not counts */
	public static function readCounts( array $body ): ?array {
		$counts = $body['counts'] ?? null;
		if ( ! is_array( $counts ) || ! TicketShape::isNumber( $body['as_of'] ?? null, 0 ) ) {
			return null;
		}
		foreach ( $counts as $count ) {
			if ( ! TicketShape::isNumber( $count, 0 ) ) {
				return null;
			}
		}
		return [ 'counts' => $counts, 'as_of' => $body['as_of'] ];
	}

	/** @throws \InvalidArgumentException */
	private static function filters( array $filters ): array {
		foreach ( array_keys( $filters ) as $name ) {
			if ( in_array( $name, self::NO_FILTER, true ) ) {
				throw new \InvalidArgumentException( "$name is not a filter." );
			}
		}
		return $filters;
	}

	/**
	 * An empty list stays in the query, so that the service refuses it: it must not find everything.
	 *
	 * @throws \InvalidArgumentException if a value cannot be sent
	 */
	private static function query( array $parameters ): string {
		$parts = [];
		foreach ( $parameters as $name => $value ) {
			$parts[] = rawurlencode( (string) $name ) . '=' . ( is_array( $value ) ? self::list( (string) $name, $value ) : self::text( (string) $name, $value ) );
		}
		return implode( '&', $parts );
	}

	private static function list( string $name, array $values ): string {
		$texts = array_map( static fn( $value ): string => self::text( $name, $value ), $values );
		if ( strpos( implode( $texts ), ',' ) !== false ) {
			throw new \InvalidArgumentException( "A value of $name must not have a comma, which divides values." );
		}
		return implode( ',', $texts );
	}

	/** @param mixed $value */
	private static function text( string $name, $value ): string {
		if ( is_bool( $value ) ) {
			return $value ? 'true' : 'false';
		}
		$text = is_int( $value ) || is_string( $value ) ? (string) $value : null;
		if ( $text === null || preg_match( '//u', $text ) !== 1 ) {
			throw new \InvalidArgumentException( "The values of $name must be texts or whole numbers." );
		}
		// Commas divide values. The caller's own may do so, too.
		return str_replace( '%2C', ',', rawurlencode( $text ) );
	}
}
