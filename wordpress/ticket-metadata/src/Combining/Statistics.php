<?php
namespace TicketMetadata\Combining;

/** How many statements combining makes and avoids. */
final class Statistics {

	public const OPTION = 'ticket_metadata_combined';

	/** Without a persistent object cache, one page of so many stores its numbers, multiplied by it: a write per page would cost more than it tells. */
	private const SAMPLE = 50;

	private const DAYS_MAX = 7;

	private static int $made = 0;

	/** Statements that WordPress would have made. */
	private static int $replaced = 0;

	/** A write statement of our own. */
	public static function made(): void {
		self::$made++;
	}

	/** A write statement that WordPress would have made now. */
	public static function replaced(): void {
		self::$replaced++;
	}

	/** @return array{made: int, avoided: int} of this PHP request */
	public static function ofRequest(): array {
		return [ 'made' => self::$made, 'avoided' => max( 0, self::$replaced - self::$made ) ];
	}

	public static function store(): void {
		$now            = self::ofRequest();
		self::$made     = 0;
		self::$replaced = 0;
		if ( $now['made'] + $now['avoided'] === 0 ) {
			return;
		}
		if ( wp_using_ext_object_cache() ) {
			foreach ( $now as $name => $number ) {
				wp_cache_add( self::key( $name, time() ), 0, 'ticket_metadata', self::DAYS_MAX * DAY_IN_SECONDS );
				wp_cache_incr( self::key( $name, time() ), $number, 'ticket_metadata' );
			}
			return;
		}
		if ( wp_rand( 1, self::SAMPLE ) === 1 ) {
			self::sample( $now );
		}
	}

	/** @param array<string, int> $now */
	private static function sample( array $now ): void {
		$days  = (array) get_option( self::OPTION, [] );
		$today = gmdate( 'Y-m-d' );
		foreach ( $now as $name => $number ) {
			$days[ $today ][ $name ] = ( $days[ $today ][ $name ] ?? 0 ) + $number * self::SAMPLE;
		}
		krsort( $days );
		update_option( self::OPTION, array_slice( $days, 0, self::DAYS_MAX, true ), false );
	}

	/** @return array<string, array{made: int, avoided: int}> by day in UTC, the newest first; about right, where it is a sample */
	public static function days(): array {
		if ( ! wp_using_ext_object_cache() ) {
			return (array) get_option( self::OPTION, [] );
		}
		$days = [];
		for ( $ago = 0; $ago < self::DAYS_MAX; $ago++ ) {
			$at      = time() - $ago * DAY_IN_SECONDS;
			$numbers = [];
			foreach ( [ 'made', 'avoided' ] as $name ) {
				$numbers[ $name ] = (int) wp_cache_get( self::key( $name, $at ), 'ticket_metadata' );
			}
			if ( array_sum( $numbers ) > 0 ) {
				$days[ gmdate( 'Y-m-d', $at ) ] = $numbers;
			}
		}
		return $days;
	}

	private static function key( string $name, int $at ): string {
		return 'combined_' . $name . '_' . gmdate( 'Y-m-d', $at );
	}
}
