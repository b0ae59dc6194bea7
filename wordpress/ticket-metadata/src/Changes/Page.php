<?php
namespace TicketMetadata\Changes;

/** The page of this PHP request, if somebody waits for one. */
final class Page {

	/** Sends the page off where PHP can, so that nobody waits for what comes now. */
	public static function finish(): void {
		// The browser may hang up, and its next request must not wait for the session.
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

	/** Whether somebody waits, or a process of the web server is needed for the next page. */
	public static function isAwaited(): bool {
		return PHP_SAPI !== 'cli' && ! wp_doing_cron();
	}
}
