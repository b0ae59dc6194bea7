<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Plugin;

/** Where another plugin ends PHP in the midst of its shutdown, the rest of that is not called. Destructors are. */
final class LastResort {

	private static ?self $stays = null;

	/** @var object[] what PHP would take down before, if nobody held it */
	private array $needed;

	private function __construct() {
		$this->needed = [ $GLOBALS['wpdb'], $GLOBALS['wp_object_cache'] ];
	}

	public static function stay(): void {
		self::$stays = self::$stays ?? new self();
	}

	public function __destruct() {
		try {
			AtShutdown::keep( Plugin::marks() );
		} catch ( \Throwable $error ) {
			error_log( 'ticket-metadata: changes of tickets could not be kept: ' . $error->getMessage() );
		}
	}
}
