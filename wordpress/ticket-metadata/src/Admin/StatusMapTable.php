<?php
namespace TicketMetadata\Admin;

use TicketMetadata\StatusMap;

/** The table that maps a help desk's statuses to the service's. */
final class StatusMapTable {

	/** Suggestions: the service's default statuses. Others can be typed. */
	private const USUAL = [ 'open', 'pending', 'on-hold', 'resolved', 'closed' ];

	public static function show( bool $isFixed ): void {
		try {
			$rows = StatusMap::ofSite()->rows();
		} catch ( \Throwable $error ) {
			// A bug in a bridge. The other settings can still be changed.
			echo '<p>' . esc_html( $error->getMessage() ) . '</p>';
			return;
		}
		if ( $rows === [] ) {
			echo '<p>' . esc_html__( 'No help desk that the plugin supports is active on this site.', 'ticket-metadata' ) . '</p>';
			return;
		}
		printf(
			'<table class="widefat striped" style="max-width: 45em"><thead><tr><th scope="col" %4$s>%1$s</th><th scope="col" %4$s>%2$s</th><th scope="col" %4$s>%3$s</th></tr></thead><tbody>',
			esc_html__( 'Help desk', 'ticket-metadata' ),
			esc_html__( 'Status in the help desk', 'ticket-metadata' ),
			esc_html__( 'Status in the service', 'ticket-metadata' ),
			// The settings form styles headings of its own.
			'style="padding: 8px 10px; width: auto"'
		);
		foreach ( $rows as $place => $row ) {
			$input = $isFixed ? '<code>' . esc_html( $row['set'] !== '' ? $row['set'] : $row['default'] ) . '</code>' : self::input( $place, $row );
			// $input is escaped where it is built.
			echo '<tr><td>' . esc_html( $row['bridge'] ) . '</td><td>' . esc_html( $row['label'] ) . '<br><code>' . esc_html( $place ) . '</code></td><td>' . $input . '</td></tr>';
		}
		echo '</tbody></table><datalist id="ticket-metadata-statuses">';
		foreach ( self::USUAL as $status ) {
			echo '<option value="' . esc_attr( $status ) . '">';
		}
		echo '</datalist>';
	}

	/** @param array{bridge: string, label: string, default: string, set: string} $row */
	private static function input( string $place, array $row ): string {
		return sprintf(
			'<input type="text" list="ticket-metadata-statuses" maxlength="64" name="%1$s" value="%2$s" placeholder="%3$s" aria-label="%4$s">',
			esc_attr( SettingsFields::field( SettingsForm::STATUSES, rawurlencode( $place ) ) ),
			esc_attr( $row['set'] ),
			esc_attr( $row['default'] ),
			/* translators: 1: a status of a help desk, 2: the help desk */
			esc_attr( sprintf( __( 'Status in the service for %1$s of %2$s', 'ticket-metadata' ), $row['label'], $row['bridge'] ) )
		);
	}
}
