<?php
namespace TicketMetadata\Bridges;

/**
 * Tickets of SupportCandy as this PHP request has read and written them, with what they refer to. Only with a persistent object
 * cache: without one, the one statement that reads a ticket brings all of it.
 */
final class SupportCandyRemembered {

	private SupportCandyCopies $copies;

	private SupportCandyMemory $memory;

	/** @var array<int, array<int, float>> by site and ticket, in ms of the monotonic clock */
	private array $knownSince = [];

	public function __construct() {
		$this->copies = new SupportCandyCopies();
		$this->memory = new SupportCandyMemory( $this->copies );
	}

	public function listen(): void {
		$this->memory->listen();
	}

	/**
	 * @param int[] $ids
	 * @return array<int, \stdClass> by id, in the form of SupportCandyTables::tickets(); only those of which everything is known
	 * @throws \RuntimeException if the database did not answer.
	 */
	public function tickets( array $ids ): array {
		if ( ! wp_using_ext_object_cache() ) {
			return [];
		}
		$this->memory->look();
		$now     = hrtime( true ) / 1000000;
		$tickets = [];
		$needed  = [];
		foreach ( $ids as $id ) {
			$row = $this->memory->row( 'tickets', $id );
			if ( $row !== null ) {
				$tickets[ $id ] = $row;
				$needed        += self::referredTo( $row[0] );
			}
		}
		$found  = $this->found( array_values( $needed ), $now );
		$joined = [];
		foreach ( $tickets as $id => [ $row, $since ] ) {
			$joined[ $id ] = self::joined( $id, $row, $found );
			$times         = array_map( static fn( array $other ): float => $found[ $other[0] ][ $other[1] ][1] ?? $now, self::referredTo( $row ) );

			$this->knownSince[ get_current_blog_id() ][ $id ] = min( $since, ...array_values( $times ), ...[ $now ] );
		}
		return array_filter( $joined );
	}

	/**
	 * @param int $id of a ticket that tickets() has answered
	 * @return float in ms of the monotonic clock
	 */
	public function knownSince( int $id ): float {
		return $this->knownSince[ get_current_blog_id() ][ $id ];
	}

	/**
	 * @param array{string, int}[] $rows table and id
	 * @param float                $now  in ms of the monotonic clock
	 * @return array<string, array<int, array{array<string, ?string>, float}>> by table and id: values by column, and since when they are known
	 */
	private function found( array $rows, float $now ): array {
		$found = [];
		// First, because they say how it is now.
		$copies = $this->copies->of( $rows );
		$rest   = [];
		foreach ( $rows as [ $table, $id ] ) {
			$copy = $copies[ $table ][ $id ] ?? null;
			$row  = $copy !== null ? [ $copy, $now ] : $this->memory->row( $table, $id );
			if ( $row === null ) {
				$rest[] = [ $table, $id ];
				continue;
			}
			$found[ $table ][ $id ] = $row;
			if ( $copy === null ) {
				$this->copies->keep( $table, $id, $row[0] );
			}
		}
		foreach ( $this->copies->read( $rest ) as $table => $read ) {
			foreach ( $read as $id => $values ) {
				$found[ $table ][ $id ] = [ $values, $now ];
			}
		}
		return $found;
	}

	/**
	 * @param array<string, ?string> $ticket
	 * @return array<string, array{string, int}> table and id, by a name
	 */
	private static function referredTo( array $ticket ): array {
		$rows = array_map( static fn( int $agent ): array => [ 'agents', $agent ], self::agents( $ticket ) );
		foreach ( [ 'customer' => 'customers', 'category' => 'categories', 'priority' => 'priorities', 'status' => 'statuses' ] as $column => $table ) {
			$rows[] = [ $table, (int) $ticket[ $column ] ];
		}
		$rows = array_filter( $rows, static fn( array $row ): bool => $row[1] > 0 );
		return array_combine( array_map( static fn( array $row ): string => "$row[0]-$row[1]", $rows ), $rows );
	}

	/** @return int[] in their order */
	private static function agents( array $ticket ): array {
		return array_map( 'intval', array_filter( explode( '|', (string) $ticket['assigned_agent'] ) ) );
	}

	/** @return \stdClass|null null: it refers to a row that is gone, and the database says what that means */
	private static function joined( int $id, array $ticket, array $found ): ?\stdClass {
		foreach ( self::referredTo( $ticket ) as [ $table, $row ] ) {
			if ( ! isset( $found[ $table ][ $row ] ) ) {
				return null;
			}
		}
		$people = array_filter( array_map( static fn( int $agent ): array => $found['agents'][ $agent ][0] ?? [], self::agents( $ticket ) ), static fn( array $agent ): bool => ! ( $agent['is_agentgroup'] ?? true ) && (int) $agent['user'] > 0 );
		return (object) ( [
			'id'            => $id,
			'is_archived'   => false,
			'user'          => $found['customers'][ (int) $ticket['customer'] ][0]['user'] ?? null,
			'category'      => $found['categories'][ (int) $ticket['category'] ][0]['name'] ?? null,
			'priority'      => $found['priorities'][ (int) $ticket['priority'] ][0]['name'] ?? null,
			'listed_status' => isset( $found['statuses'][ (int) $ticket['status'] ] ) ? $ticket['status'] : null,
			'assignee'      => $people === [] ? null : reset( $people )['user'],
		] + $ticket );
	}
}
