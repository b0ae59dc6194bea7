<?php
namespace TicketMetadata\Client;

/** Small values that all PHP requests of a site share. They may be lost at any time. */
interface SharedState {

	/** What pages look at each time: the circuit, the last delivery, and whether the outbox holds anything. */
	public const AUTOLOADED = [ 'circuit', 'delivered_at', 'outbox' ];

	/** @return mixed null: no value, or expired */
	public function get( string $name );

	/**
	 * The value as WordPress has it without a query: as old as this PHP request where there is no object cache. Only for
	 * names of AUTOLOADED.
	 *
	 * @return mixed null: no value, or expired
	 */
	public function loaded( string $name );

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
