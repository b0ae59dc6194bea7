<?php
namespace TicketMetadata\Client;

/** Small values that all PHP requests of a site share. They may be lost at any time. */
interface SharedState {

	/** @return mixed null: no value, or expired */
	public function get( string $name );

	/** @param mixed $value a JSON value, neither null nor false */
	public function set( string $name, $value, int $seconds ): void;

	/**
	 * Sets a value that does not exist, for one of several concurrent callers.
	 *
	 * @param mixed $value
	 * @return bool whether this caller set it
	 */
	public function add( string $name, $value, int $seconds ): bool;
}
