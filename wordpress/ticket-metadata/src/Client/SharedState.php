<?php
namespace TicketMetadata\Client;

/** A little that all PHP requests of a site know. It may be forgotten at any time. */
interface SharedState {

	/** @return mixed null: nothing, or no longer */
	public function get( string $name );

	/** @param mixed $value what JSON can hold, and neither null nor false */
	public function set( string $name, $value, int $seconds ): void;

	/**
	 * Sets what is not there, for one caller of all who try at a time.
	 *
	 * @param mixed $value
	 * @return bool whether this caller is the one
	 */
	public function add( string $name, $value, int $seconds ): bool;
}
