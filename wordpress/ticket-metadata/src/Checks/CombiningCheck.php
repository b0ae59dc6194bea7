<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\Scope;

/** What write combining saves. */
final class CombiningCheck {

	/** @param array<string, array{made: int, avoided: int}> $days the newest first */
	public static function of( Scope $scope, array $days ): Finding {
		if ( ! Combining::isSupported() ) {
			return Finding::recommended( 'combining', __( 'Writes are not combined', 'ticket-metadata' ), __( 'Write combining needs a 64-bit PHP.', 'ticket-metadata' ) );
		}
		if ( $scope->isEmpty() ) {
			return Finding::recommended( 'combining', __( 'Writes are not combined', 'ticket-metadata' ), __( 'No help desk that keeps its tickets in posts is active.', 'ticket-metadata' ) );
		}
		$lines = [];
		foreach ( $days as $day => $numbers ) {
			/* translators: 1: a date, 2: a number of statements, 3: another one */
			$lines[] = sprintf( __( '%1$s: %2$s statements in the place of %3$s.', 'ticket-metadata' ), $day, number_format_i18n( $numbers['made'] ), number_format_i18n( $numbers['made'] + $numbers['avoided'] ) );
		}
		$detail = $lines === [] ? __( 'There are no numbers yet.', 'ticket-metadata' ) : implode( ' ', $lines );
		if ( ! wp_using_ext_object_cache() ) {
			$detail .= ' ' . __( 'The numbers are estimates from some of the pages.', 'ticket-metadata' );
		}
		return Finding::good( 'combining', __( 'Writes of help desks are combined', 'ticket-metadata' ), $detail );
	}
}
