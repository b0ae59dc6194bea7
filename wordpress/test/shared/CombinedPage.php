<?php
namespace TicketMetadata\Test;

use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\Scope;
use TicketMetadata\Combining\Statistics;

/** A page on which writes are combined, within a test: what it hooks is gone after it. */
final class CombinedPage {

	/** @var array<string, \WP_Hook> */
	private array $hooks;

	/** @param float $seconds that a change is held: for as long as the test likes, however slow the machine is */
	public function __construct( array $postTypes, array $counters = [], float $seconds = INF ) {
		global $wp_filter;
		$this->hooks = array_map( static fn( \WP_Hook $hook ): \WP_Hook => clone $hook, $wp_filter );
		Statistics::store();
		Combining::start( new Scope( $postTypes, $counters ), $seconds );
	}

	/** As the hook `shutdown` does, and the page goes on. */
	public function finish(): void {
		self::last()->getValue()->end();
	}

	/** @return array{made: int, avoided: int} */
	public function end(): array {
		// Without it, one page of some would store what it has saved.
		add_filter( 'pre_update_option_' . Statistics::OPTION, static fn( $new, $old ) => $old, 10, 2 );
		$end  = self::last();
		$last = $end->getValue();
		$last->write();
		$saved = Statistics::ofRequest();
		$last->end();
		$end->setValue( null, null );
		$GLOBALS['wp_filter'] = $this->hooks;
		return $saved;
	}

	private static function last(): \ReflectionProperty {
		$end = new \ReflectionProperty( Combining::class, 'end' );
		$end->setAccessible( true );
		return $end;
	}
}
