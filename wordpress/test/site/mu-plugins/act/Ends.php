<?php
namespace TicketMetadata\Test\Site;

/** The ways in which a PHP request ends before its page is made. */
final class Ends {

	/** @return array<string, callable(): void> by name */
	public static function all(): array {
		return array(
			'exit'       => static function (): void {
				echo 'The end.';
				exit;
			},
			'wp-die'     => static function (): void {
				wp_die( 'The end.' );
			},
			'json'       => static function (): void {
				wp_send_json( array( 'is_end' => true ) );
			},
			'redirect'   => static function (): void {
				wp_safe_redirect( home_url( '/elsewhere/' ) );
				exit;
			},
			'exception'  => static function (): void {
				throw new \DomainException( 'of another plugin' );
			},
			'fatal'      => static function (): void {
				// phpcs:ignore
				a_function_that_is_not_there();
			},
			'memory'     => static function (): void {
				ini_set( 'memory_limit', '64M' );
				str_repeat( 'x', 512 * 1024 * 1024 );
			},
			'time-limit' => static function (): void {
				set_time_limit( 1 );
				while ( true ) {
					md5( '' );
				}
			},
		);
	}
}
