<?php
namespace TicketMetadata\Combining;

/** A row of a table of meta, as it is in the database or is to become. */
final class MetaRow {

	/** How a row came to be: what is to happen if another page has added the key meanwhile. */
	public const STORED        = 0;
	public const ADDED         = 1;
	public const ADDED_UNIQUE  = 2;
	public const ADDED_BY_UPDATE = 3;

	/** Of a row without one: a provisional id. */
	public int $id;

	public string $key;

	/** As stored, that is, serialized. */
	public ?string $value;

	public int $origin;

	public bool $isChanged = false;

	public function __construct( int $id, string $key, ?string $value, int $origin ) {
		$this->id     = $id;
		$this->key    = $key;
		$this->value  = $value;
		$this->origin = $origin;
	}

	public function isUnwritten(): bool {
		return $this->isChanged || $this->origin !== self::STORED;
	}

	/** @param mixed $value */
	public static function stored( $value ): ?string {
		$stored = maybe_serialize( $value );
		// wpdb makes text of everything but null.
		return $stored === null ? null : (string) $stored;
	}
}
