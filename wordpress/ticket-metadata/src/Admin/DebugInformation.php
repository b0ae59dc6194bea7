<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Client\CurlTransport;
use TicketMetadata\Config;

/** The section of the plugin in Tools > Site Health > Info, for support requests. */
final class DebugInformation {

	/** @param mixed $sections */
	public static function add( $sections ): array {
		$sections                    = is_array( $sections ) ? $sections : [];
		$sections['ticket-metadata'] = [
			'label'  => __( 'Ticket Metadata', 'ticket-metadata' ),
			'fields' => self::settings() + self::state(),
		];
		return $sections;
	}

	private static function settings(): array {
		$config = new Config();
		$fields = [];
		foreach ( Config::names() as $name ) {
			$text            = self::text( $name, $config->value( $name ) );
			$fields[ $name ] = [
				'label'   => SettingsFields::label( $name ),
				'value'   => Config::isLocked( $name )
					/* translators: %s: a setting */
					? sprintf( __( '%s (set in wp-config.php)', 'ticket-metadata' ), $text )
					: $text,
				// People paste this into public forums: addresses, paths and statuses stay private.
				'private' => in_array( $name, [ 'url', 'key', 'ca_file', 'status_map' ], true ),
			];
		}
		return $fields;
	}

	private static function state(): array {
		$names = array_map(
			static function ( Bridge $bridge ): string {
				return $bridge->name();
			},
			Bridges::active()
		);
		return [
			'help_desks' => [
				'label' => __( 'Help desks', 'ticket-metadata' ),
				'value' => $names === [] ? __( 'none', 'ticket-metadata' ) : implode( ', ', $names ),
			],
			'waiting'    => [
				'label' => __( 'Tickets in the outbox', 'ticket-metadata' ),
				'value' => self::number( 'depth' ),
			],
			'refused'    => [
				'label' => __( 'Of these, refused by the service', 'ticket-metadata' ),
				'value' => self::number( 'refused' ),
			],
			'curl'       => [
				'label' => __( 'PHP has cURL', 'ticket-metadata' ),
				'value' => CurlTransport::isPossible() ? __( 'yes', 'ticket-metadata' ) : __( 'no', 'ticket-metadata' ),
			],
		];
	}

	/** @return int|string the error, if the table cannot be read: the rest of the page may explain it */
	private static function number( string $count ) {
		try {
			return ( new Outbox() )->$count();
		} catch ( \Throwable $error ) {
			return $error->getMessage();
		}
	}

	/** @param mixed $value */
	private static function text( string $name, $value ): string {
		if ( $name === 'key' ) {
			return $value === '' ? __( 'not set', 'ticket-metadata' ) : __( 'set', 'ticket-metadata' );
		}
		if ( is_bool( $value ) ) {
			return $value ? __( 'yes', 'ticket-metadata' ) : __( 'no', 'ticket-metadata' );
		}
		return is_array( $value ) ? (string) wp_json_encode( $value ) : (string) $value;
	}
}
