<?php
namespace TicketMetadata\Test;

/** Answers that are nearly right: what the service says on all its routes together, with one value in the place of another. */
final class MalformedAnswers {

	/** JSON that no field expects, or not here. */
	private const VALUES = [
		'null', 'true', '0', '-1', '1.5', '9e99', '99999999999999999999', '""', '"text"', '"200"', '[]', '{}', '[[1]]', '[null]', '{"a":{"b":[1]}}', '["x",{"y":1}]',
		'"\u0000\u001b[31m<script>\u202e"',
	];

	/** A JSON text for each of these takes the place of the whole answer. */
	private const WHOLE = [ '', 'null', '1', '"text"', '[]', '{}', '[{}]', '{"results":', "\xff", '{"a":"\ud800"}', "\xef\xbb\xbf{}", '{"code":1}', '{"code":"A b"}', '{"code":["x"],"detail":["y"]}', '{"code":"forbidden","detail":{"a":1}}' ];

	private const STATUSES = [ 200, 201, 202, 207, 400, 404, 409, 500, 503 ];

	/** Of headers that the plugin reads. */
	private const HEADERS = [
		[ 'date' => 'yesterday' ], [ 'date' => '99999999999999999999' ], [ 'date' => '0' ], [ 'retry-after' => '-1' ], [ 'retry-after' => '99999999999999999999' ], [ 'retry-after' => '1e3' ],
	];

	/** @return array what every reader finds its own in */
	private static function right( int $id ): array {
		$error = [ 'code' => 'validation_failed', 'detail' => 'No.', 'errors' => [ [ 'pointer' => '/status', 'message' => 'must be one' ] ] ];
		return [
			'ticket_id'         => $id,
			'customer_id'       => 1,
			'subject'           => 'A',
			'status'            => 'ready',
			'assigned_to'       => 2,
			'custom_fields'     => [ 'a' => 1 ],
			'created_at'        => 1700000000,
			'version'           => 5,
			'synced_version'    => 5,
			'journaled'         => true,
			'tickets'           => [ [ 'ticket_id' => $id, 'customer_id' => 1, 'subject' => 'A', 'status' => 'open', 'created_at' => 1700000000, 'custom_fields' => [ 'a' => 'b' ], 'version' => 5, 'synced_version' => 5 ] ],
			'missing'           => [],
			'unprocessed'         => [],
			'errors'            => [],
			'results'           => [ [ 'ticket_id' => $id, 'status' => 200, 'state' => 'synced', 'version' => 5, 'error' => $error ] ],
			'redis'             => [ 'state' => 'up', 'reason' => 'x' ],
			'mysql'             => [ 'state' => 'up' ],
			'journal'           => 'idle',
			'unsynced'          => 1,
			'dead'              => 0,
			'oldest_due_age_ms' => 1,
			'detail'            => 'Fine.',
			'request_id'        => 'req-1',
		];
	}

	/** @return iterable<string, array{status: int, headers: array, body: string}> by what is wrong */
	public static function all( int $id ): iterable {
		$right = self::right( $id );
		$text  = json_encode( $right );
		$turn  = 0;
		foreach ( self::places( $right ) as $place ) {
			foreach ( self::VALUES as $value ) {
				// Mostly as a success, where most is believed.
				$status = ++$turn % 3 === 0 ? self::STATUSES[ $turn % count( self::STATUSES ) ] : 200;
				yield implode( '.', $place ) . " = $value, $status" => [ 'status' => $status, 'headers' => [], 'body' => self::with( $right, $place, $value ) ];
			}
			yield implode( '.', $place ) . ' is not there' => [ 'status' => 200, 'headers' => [], 'body' => self::with( $right, $place, null ) ];
		}
		foreach ( self::WHOLE as $body ) {
			foreach ( self::STATUSES as $status ) {
				yield "$status: " . json_encode( $body, JSON_INVALID_UTF8_SUBSTITUTE ) => compact( 'status', 'body' ) + [ 'headers' => [] ];
			}
		}
		foreach ( self::HEADERS as $headers ) {
			foreach ( [ 200, 429, 503 ] as $status ) {
				yield "$status with " . json_encode( $headers ) => compact( 'status', 'headers' ) + [ 'body' => $status === 200 ? $text : '{"code":"store_unavailable"}' ];
			}
		}
	}

	/** Every fifth, for what asks often. Each value is among them in some place, because their number has no divisor in common with five. */
	public static function some( int $id ): iterable {
		$turn = 0;
		foreach ( self::all( $id ) as $what => $answer ) {
			if ( ++$turn % 5 === 0 ) {
				yield $what => $answer;
			}
		}
	}

	/** What the server of the tests answers it by. */
	public static function behaviour( array $answer ): string {
		return 'say-' . rtrim( strtr( base64_encode( json_encode( $answer, JSON_INVALID_UTF8_SUBSTITUTE ) ), '+/', '-_' ), '=' );
	}

	/** @return array<array<int|string>> the way to each value */
	private static function places( array $value, array $way = [] ): array {
		$places = [];
		foreach ( $value as $name => $inner ) {
			$places[] = array_merge( $way, [ $name ] );
			if ( is_array( $inner ) ) {
				$places = array_merge( $places, self::places( $inner, array_merge( $way, [ $name ] ) ) );
			}
		}
		return $places;
	}

	/** @param string|null $json null: takes it away */
	private static function with( array $right, array $place, ?string $json ): string {
		$mark  = '@here@';
		$inner = &$right;
		foreach ( array_slice( $place, 0, -1 ) as $name ) {
			$inner = &$inner[ $name ];
		}
		if ( $json === null ) {
			unset( $inner[ end( $place ) ] );
			return json_encode( $right );
		}
		$inner[ end( $place ) ] = $mark;
		return str_replace( "\"$mark\"", $json, json_encode( $right ) );
	}
}
