<?php
namespace TicketMetadata\Bridges;

/** What a cell of a help desk's table means; null where it means nothing. */
final class Cell {

	/** @param mixed $value */
	public static function id( $value ): ?int {
		return (int) $value > 0 ? (int) $value : null;
	}

	/**
	 * As it is stored, so with the entities that WordPress may have put in: decoded, the service's MySQL side could not
	 * write it back without changing it.
	 *
	 * @param mixed $value
	 */
	public static function text( $value ): ?string {
		return (string) $value === '' ? null : (string) $value;
	}

	/**
	 * A DATETIME in UTC as Unix seconds. Help desks write zeros for no date.
	 *
	 * @param mixed $value
	 */
	public static function utc( $value ): ?int {
		$date = \DateTimeImmutable::createFromFormat( '!Y-m-d H:i:s', (string) $value, new \DateTimeZone( 'UTC' ) );
		return $date && $date->getTimestamp() >= 0 ? $date->getTimestamp() : null;
	}

	/**
	 * A DATETIME in the site's time zone as Unix seconds. In the hour that a clock is put back it may mean two.
	 *
	 * @param mixed $value
	 */
	public static function local( $value ): ?int {
		// WordPress makes 1970 of what is no date.
		return self::utc( $value ) === null ? null : self::utc( get_gmt_from_date( (string) $value ) );
	}
}
