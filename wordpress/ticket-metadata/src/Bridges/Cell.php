<?php
namespace TicketMetadata\Bridges;

/** Reads cells of a help desk's tables. null: no value. */
final class Cell {

	/** @param mixed $value */
	public static function id( $value ): ?int {
		return (int) $value > 0 ? (int) $value : null;
	}

	/**
	 * Text as it is stored, including entities that WordPress may have added: the service must be able to write it back
	 * to MySQL unchanged.
	 *
	 * @param mixed $value
	 */
	public static function text( $value ): ?string {
		return (string) $value === '' ? null : (string) $value;
	}

	/**
	 * A DATETIME in UTC as Unix seconds. Help desks store zeros for no date.
	 *
	 * @param mixed $value
	 */
	public static function utc( $value ): ?int {
		$date = \DateTimeImmutable::createFromFormat( '!Y-m-d H:i:s', (string) $value, new \DateTimeZone( 'UTC' ) );
		return $date && $date->getTimestamp() >= 0 ? $date->getTimestamp() : null;
	}

	/**
	 * A DATETIME in the site's time zone as Unix seconds. Ambiguous in the hour in which clocks are set back.
	 *
	 * @param mixed $value
	 */
	public static function local( $value ): ?int {
		// WordPress turns an invalid date into 1970.
		return self::utc( $value ) === null ? null : self::utc( get_gmt_from_date( (string) $value ) );
	}
}
