<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Plugin;

/** Where another plugin ends PHP in the midst of its shutdown, the rest of that is not called. Destructors are, but for a fatal error. */
final class LastResort {

	private static ?self $stays = null;

	/** @var object[] what PHP would take down before, if nobody held it */
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
