<?php
namespace TicketMetadata\Client;

/** Shared state in a persistent object cache, such as Redis or Memcached. Each value is in a list, because some caches return a number as text. */
final class ObjectCacheState implements SharedState {

	private const GROUP = 'ticket_metadata';

	public function get( string $name ) {
		// Bypasses this PHP request's copy, because another request may have changed it.
		$entry = wp_cache_get( $name, self::GROUP, true );
		return is_array( $entry ) ? $entry[0] ?? null : null;
	}

	public function loaded( string $name ) {
		return $this->get( $name );
	}

	public function set( string $name, $value, int $seconds ): void {
		wp_cache_set( $name, [ $value ], self::GROUP, $seconds );
	}

	public function add( string $name, $value, int $seconds ): bool {
		return wp_cache_add( $name, [ $value ], self::GROUP, $seconds );
	}
}
