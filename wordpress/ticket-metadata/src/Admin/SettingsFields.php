<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Config;

/** The fields of the settings page. */
final class SettingsFields {

	private const SECTION = 'ticket_metadata_service';

	public static function add( string $page ): void {
		add_settings_section( self::SECTION, '', '__return_empty_string', $page );
		foreach ( Config::names() as $name ) {
			$arguments = [ 'name' => $name ];
			// A table has no single field that the label could belong to.
			if ( $name !== 'status_map' && self::isOpen( $name ) ) {
				$arguments['label_for'] = self::id( $name );
			}
			add_settings_field( self::id( $name ), esc_html( self::label( $name ) ), [ self::class, 'show' ], $page, self::SECTION, $arguments );
		}
	}

	public static function label( string $name ): string {
		$labels = [
			'url'                => __( 'Address of the service', 'ticket-metadata' ),
			'key'                => __( 'Key', 'ticket-metadata' ),
			'disabled'           => __( 'Switched off', 'ticket-metadata' ),
			'connect_timeout_ms' => __( 'Connect timeout in milliseconds', 'ticket-metadata' ),
			'timeout_ms'         => __( 'Request timeout in milliseconds', 'ticket-metadata' ),
			'status_map'         => __( 'Statuses', 'ticket-metadata' ),
			'outbox_max'         => __( 'Outbox limit in tickets', 'ticket-metadata' ),
			'ca_file'            => __( 'Certificate authority file', 'ticket-metadata' ),
			'combine_writes'     => __( 'Combine writes', 'ticket-metadata' ),
		];
		return $labels[ $name ];
	}

	private static function help( string $name ): string {
		$texts = [
			'url'                => __( 'For example https://tickets.example.com, without user, query or fragment.', 'ticket-metadata' ),
			'key'                => __( 'Better set as TICKET_METADATA_KEY in wp-config.php: that keeps the key out of the database and its backups.', 'ticket-metadata' ),
			'disabled'           => __( 'Nothing is sent to the service, and changes to tickets are not recorded. After you switch it on again, run "wp ticket-metadata backfill".', 'ticket-metadata' ),
			'connect_timeout_ms' => '',
			'timeout_ms'         => __( 'The longest time that a page waits for the service.', 'ticket-metadata' ),
			'status_map'         => __( 'The status in the service for each status of a help desk. An empty field uses the value shown in grey.', 'ticket-metadata' ),
			'outbox_max'         => __( 'How many tickets can wait on this site while the service is unavailable, or when very many change at once. Changes beyond the limit are dropped: then run "wp ticket-metadata backfill".', 'ticket-metadata' ),
			'ca_file'            => __( 'For https with a certificate authority of your own. Empty: the authorities that the machine trusts.', 'ticket-metadata' ),
			'combine_writes'     => __( 'What a page writes to the database for a help desk is written together, before the page is sent. Needs no service.', 'ticket-metadata' ),
		];
		return $texts[ $name ];
	}

	/** @param array{name: string} $arguments */
	public static function show( array $arguments ): void {
		$name = $arguments['name'];
		if ( $name === 'status_map' ) {
			StatusMapTable::show( ! self::isOpen( $name ) );
		} elseif ( ! self::isOpen( $name ) ) {
			self::showFixed( $name );
		} elseif ( $name === 'key' ) {
			self::showKey();
		} elseif ( is_bool( Config::byDefault( $name ) ) ) {
			self::showCheckbox( $name );
		} else {
			self::showInput( $name );
		}
		if ( $name === self::placeOfApproval() ) {
			self::showApproval();
		}
		if ( Config::isLocked( $name ) ) {
			/* translators: %s: the name of a constant */
			echo '<p class="description">' . esc_html( sprintf( __( 'Set in wp-config.php as %s.', 'ticket-metadata' ), Config::constant( $name ) ) ) . '</p>';
		} elseif ( ! SettingsForm::mayChange( $name ) ) {
			echo '<p class="description">' . esc_html__( 'Only network administrators can change it, because the key is theirs.', 'ticket-metadata' ) . '</p>';
		} elseif ( self::help( $name ) !== '' ) {
			echo '<p class="description">' . esc_html( self::help( $name ) ) . '</p>';
		}
	}

	private static function isOpen( string $name ): bool {
		return ! Config::isLocked( $name ) && SettingsForm::mayChange( $name );
	}

	private static function showInput( string $name ): void {
		$isNumber = is_int( Config::byDefault( $name ) );
		printf(
			'<input type="%1$s" %2$s id="%3$s" name="%4$s" value="%5$s">',
			$isNumber ? 'number' : ( $name === 'url' ? 'url' : 'text' ),
			$isNumber ? 'min="1"' : 'class="regular-text code"',
			esc_attr( self::id( $name ) ),
			esc_attr( self::field( $name ) ),
			esc_attr( self::text( $name ) )
		);
	}

	/** A browser sends nothing for an unticked checkbox, so a hidden field sends the 0. */
	private static function showCheckbox( string $name ): void {
		printf(
			'<input type="hidden" name="%2$s" value="0"><input type="checkbox" id="%1$s" name="%2$s" value="1" %3$s>',
			esc_attr( self::id( $name ) ),
			esc_attr( self::field( $name ) ),
			checked( ( new Config() )->value( $name ), true, false )
		);
	}

	private static function showKey(): void {
		$isSet = ( new Config() )->key() !== '';
		printf(
			'<input type="password" class="regular-text code" id="%1$s" name="%2$s" value="" placeholder="%3$s" autocomplete="new-password" spellcheck="false">',
			esc_attr( self::id( 'key' ) ),
			esc_attr( self::field( SettingsForm::NEW_KEY ) ),
			$isSet ? esc_attr__( 'A key is set. Leave empty to keep it.', 'ticket-metadata' ) : ''
		);
		if ( $isSet ) {
			printf( '<p><label><input type="checkbox" name="%1$s" value="1"> %2$s</label></p>', esc_attr( self::field( SettingsForm::REMOVE_KEY ) ), esc_html__( 'Remove the key', 'ticket-metadata' ) );
		}
	}

	/** The first setting of the address that is open to a network administrator; empty: the user is none, or both are constants. */
	private static function placeOfApproval(): string {
		$open = array_filter( [ 'url', 'ca_file' ], [ self::class, 'isOpen' ] );
		return SettingsForm::isOfNetwork() ? (string) reset( $open ) : '';
	}

	private static function showApproval(): void {
		$config     = new Config();
		$isApproved = ! $config->isOfSite( 'url' ) && ! $config->isOfSite( 'ca_file' );
		printf(
			'<input type="hidden" name="%1$s" value="0"><p><label><input type="checkbox" name="%1$s" value="1" %2$s> %3$s</label></p>',
			esc_attr( self::field( SettingsForm::APPROVE ) ),
			checked( $isApproved, true, false ),
			esc_html__( 'Approved by the network: the address and the certificate authority file may get the network\'s key, and the address may be a private one.', 'ticket-metadata' )
		);
	}

	private static function showFixed( string $name ): void {
		if ( $name === 'key' ) {
			// SettingsForm recognises the form by this field.
			printf( '<input type="hidden" name="%s" value="">', esc_attr( self::field( SettingsForm::NEW_KEY ) ) );
			echo '<code>' . ( ( new Config() )->key() === '' ? esc_html__( 'empty', 'ticket-metadata' ) : '••••••••' ) . '</code>';
			return;
		}
		printf( '<input type="text" class="regular-text code" value="%s" readonly disabled>', esc_attr( self::text( $name ) ) );
	}

	private static function text( string $name ): string {
		$value = ( new Config() )->value( $name );
		if ( is_bool( $value ) ) {
			return $value ? __( 'yes', 'ticket-metadata' ) : __( 'no', 'ticket-metadata' );
		}
		return (string) $value;
	}

	private static function id( string $name ): string {
		return "ticket-metadata-$name";
	}

	public static function field( string ...$names ): string {
		return Config::OPTION . '[' . implode( '][', $names ) . ']';
	}
}
