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

	/** A page that writes one statement in the place of three. Its numbers are stored exactly, in what stands for a persistent object cache. */
	public static function storeItsSaving(): void {
		register_post_type( 'combined' );
		$id   = wp_insert_post( [ 'post_type' => 'combined', 'post_title' => 'A ticket' ] );
		$page = new self( [ 'combined' ] );
		wp_cache_flush();
		foreach ( [ 'one', 'two', 'three' ] as $key ) {
			add_post_meta( $id, $key, 'x' );
		}
		wp_using_ext_object_cache( true );
		$page->finish();
		$page->end();
		wp_delete_post( $id, true );
		unregister_post_type( 'combined' );
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
