<?php
namespace TicketMetadata\Changes;

/** The page of this PHP request, if there is one. */
final class Page {

	/** Finishes the page if PHP can, so that nobody waits for what follows. */
	public static function finish(): void {
		// The browser may disconnect, and its next request must not wait for the session lock.
		ignore_user_abort( true );
		if ( session_status() === PHP_SESSION_ACTIVE ) {
			session_write_close();
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} elseif ( function_exists( 'litespeed_finish_request' ) ) {
			litespeed_finish_request();
		}
	}

	/** Whether a visitor, or the web server's process, waits for the end of this request. */
	public static function isAwaited(): bool {
		return PHP_SAPI !== 'cli' && ! wp_doing_cron();
	}
}
