<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Plugin;

/** If another plugin exits during shutdown, PHP skips the remaining listeners but still calls destructors, except after a fatal error. */
final class LastResort {

	private static ?self $stays = null;

	/** @var object[] what PHP would destroy earlier if nothing referred to it */
	private array $needed;

	private function __construct() {
		$this->needed = array_filter( [ $GLOBALS['wpdb'] ?? null, $GLOBALS['wp_object_cache'] ?? null ] );
	}

	public static function stay(): void {
		self::$stays = self::$stays ?? new self();
	}

	public function __destruct() {
		if ( ! Plugin::hasMarks() ) {
			return;
		}
		try {
			AtShutdown::keep( Plugin::marks() );
		} catch ( \Throwable $error ) {
			error_log( 'ticket-metadata: changes of tickets could not be kept: ' . $error->getMessage() );
		}
	}
}
