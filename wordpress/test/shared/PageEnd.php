<?php
namespace TicketMetadata\Test;

/** How a PHP request ends. */
final class PageEnd {

	private static int $writes = 0;

	/** Counts write statements, kills PHP before one of them, or records what the tables hold before each. */
	public static function watch( int $killedAt, bool $isRecording ): void {
		add_filter(
			'query',
			static function ( $query ) use ( $killedAt, $isRecording ) {
				if ( ! preg_match( '/^\s*(INSERT|UPDATE|DELETE|REPLACE)/i', (string) $query ) ) {
					return $query;
				}
				if ( $isRecording ) {
					self::record();
				}
				if ( ++self::$writes === $killedAt ) {
					posix_kill( getmypid(), SIGKILL );
				}
				return $query;
			},
			// Between other plugins and combining, so that it sees what combining writes, too.
			PHP_INT_MAX
		);
		if ( $isRecording ) {
			// After WordPress's shutdown.
			register_shutdown_function( [ self::class, 'record' ] );
		}
	}

	public static function record(): void {
		echo json_encode( DeskTables::states( $GLOBALS['wpdb']->dbh ) ), "\n";
	}

	public static function come( string $how ): void {
		switch ( $how ) {
			case 'exit':
				exit;
			case 'redirect':
				wp_redirect( 'http://example.test/' );
				exit;
			case 'die':
				wp_die( 'Over.' );
			case 'throw':
				throw new \DomainException( 'Nobody catches it.' );
			case 'fatal':
				there_is_no_such_function();
			case 'memory':
				ini_set( 'memory_limit', (string) memory_get_usage( true ) );
				// PHP frees what a function has when it fails, but not what is global.
				$GLOBALS['hoard'] = [];
				// Less than what there is to write, so that there is no room for that.
				while ( true ) {
					$GLOBALS['hoard'][] = str_repeat( 'x', 40000 );
				}
			case 'time without the hook':
				remove_all_actions( 'shutdown' );
			case 'time':
				set_time_limit( 1 );
				while ( true ) {
					md5( 'x' );
				}
			case 'exit in shutdown':
				add_action( 'shutdown', static function (): void { exit; }, PHP_INT_MIN );
				exit;
			case 'killed in shutdown':
				add_action( 'shutdown', static function (): void { posix_kill( getmypid(), SIGKILL ); }, PHP_INT_MIN );
				exit;
			case 'sent':
				// The browser has what was said so far. Nothing follows.
				ob_end_flush();
				flush();
				posix_kill( getmypid(), SIGKILL );
			case 'late':
				add_action( 'shutdown', static function (): void {
					$tickets = get_posts( [ 'post_type' => 'ticket', 'post_status' => 'any', 'numberposts' => 1, 'orderby' => 'ID' ] );
					update_post_meta( $tickets[0]->ID, 'late', 'written' );
				} );
				exit;
		}
	}
}
