<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\SharedState;

/** What all PHP requests of a site know, under a clock that a test moves. */
final class MemoryState implements SharedState {

	public float $now = 1000.0;

	public int $writes = 0;

	/** @var array<string, array{mixed, float}> */
	private array $entries = [];

	public function get( string $name ) {
		[ $value, $until ] = $this->entries[ $name ] ?? [ null, 0.0 ];
		return $until > $this->now ? $value : null;
	}

	public function loaded( string $name ) {
		return $this->get( $name );
	}

	public function set( string $name, $value, int $seconds ): void {
		$this->writes++;
		$this->entries[ $name ] = [ $value, $this->now + $seconds ];
	}

	public function add( string $name, $value, int $seconds ): bool {
		if ( $this->get( $name ) !== null ) {
			return false;
		}
		$this->set( $name, $value, $seconds );
		return true;
	}

	public function clock(): callable {
		return function (): float {
			return $this->now;
		};
	}
}
