<?php
namespace TicketMetadata\Combining;

/** Writes that this PHP request has made and not sent to the database yet. */
interface Buffer {

	/** Whether nothing is held: neither unwritten nor read. */
	public function isIdle(): bool;

	/**
	 * Called before a statement of somebody else is sent.
	 *
	 * @param bool $isWrite whether it can change rows
	 * @return bool whether the statement could see, or change, what is held
	 */
	public function concerns( string $query, bool $isWrite ): bool;

	/** Sends what is unwritten. */
	public function write(): void;

	/** Forgets what was read, because a statement of somebody else changes it. Nothing may be unwritten. */
	public function forget(): void;
}
