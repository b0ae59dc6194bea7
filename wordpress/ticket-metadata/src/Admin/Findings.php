<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Checks\Finding;

/** Shows findings as a list. */
final class Findings {

	/** WordPress's classes for notices. */
	private const NOTICES = [
		Finding::GOOD        => 'success',
		Finding::RECOMMENDED => 'warning',
		Finding::CRITICAL    => 'error',
	];

	/** @param Finding[] $findings */
	public static function show( array $findings ): void {
		foreach ( $findings as $finding ) {
			// Colour alone is not accessible, so the state is also text.
			printf(
				'<div class="notice inline notice-%1$s" id="ticket-metadata-%2$s"><p><strong>%3$s: %4$s</strong><br>%5$s</p></div>',
				esc_attr( self::NOTICES[ $finding->state ] ),
				esc_attr( $finding->id ),
				esc_html( $finding->stateName() ),
				esc_html( $finding->headline ),
				esc_html( $finding->detail )
			);
		}
	}
}
