<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Approvals;
use TicketMetadata\Config;
use TicketMetadata\Setting;
use TicketMetadata\StatusMap;

/**
 * Reads what the settings page sends or other code stores. An invalid value is reported, and the old value stays.
 *
 * WordPress calls it twice when an option is stored for the first time, so its own result must pass unchanged.
 */
final class SettingsForm {

	/** Only in the form: the page never shows the key, so an empty field means that it stays. */
	public const NEW_KEY = 'new_key';

	public const REMOVE_KEY = 'remove_key';

	/** Only in the form of network administrators: whether the address of the site may get the network's key and may be private. */
	public const APPROVE = 'approve_address';

	/** Who controls one of them can read the key. */
	private const PLACE_OF_KEY = [ 'url', 'ca_file' ];

	/** Only in the form: statuses by their key in the map, encoded so that PHP accepts it as a field name. */
	public const STATUSES = 'statuses';

	/** The service's own limit. */
	private const STATUS_LENGTH_MAX = 64;

	/** @param mixed $input */
	public static function read( $input ): array {
		$input  = is_array( $input ) ? $input : [];
		$stored = get_option( Config::OPTION );
		$stored = is_array( $stored ) ? $stored : [];
		if ( isset( $input[ self::NEW_KEY ] ) ) {
			// The form does not contain every setting. The others stay.
			$input = self::withKey( self::withStatuses( $input, $stored ), $stored ) + $stored;
		}
		$option = [];
		foreach ( Config::names() as $name ) {
			$given = self::mayChange( $name ) ? $input[ $name ] ?? null : $stored[ $name ] ?? null;
			$value = self::usable( $name, $given, $stored[ $name ] ?? null );
			if ( $value !== null ) {
				$option[ $name ] = $value;
			}
		}
		if ( isset( $input[ self::NEW_KEY ] ) && self::isOfNetwork() ) {
			self::approve( $input, $option );
		}
		return $option;
	}

	/** A site of a network must not send the network's key to an address of its own choice. */
	public static function mayChange( string $name ): bool {
		return ! in_array( $name, self::PLACE_OF_KEY, true ) || ! ( new Config() )->isKeyOfNetwork() || current_user_can( 'manage_network_options' );
	}

	/** Whether a network administrator uses the form. */
	public static function isOfNetwork(): bool {
		return is_multisite() && current_user_can( 'manage_network_options' );
	}

	/** Records what the network's administrator set. Not the address without the tick: the form sends back what the site's administrator may have stored. */
	private static function approve( array $input, array $option ): void {
		$blog = get_current_blog_id();
		if ( isset( $option['key'] ) && $option['key'] === self::newKey( $input ) ) {
			Approvals::set( $blog, 'key', $option['key'] );
		}
		foreach ( isset( $input[ self::APPROVE ] ) ? self::PLACE_OF_KEY : [] as $name ) {
			Approvals::set( $blog, $name, empty( $input[ self::APPROVE ] ) ? null : $option[ $name ] ?? null );
		}
	}

	/**
	 * @param mixed $given
	 * @param mixed $stored
	 * @return mixed null: leave it out
	 */
	private static function usable( string $name, $given, $stored ) {
		// A setting with a constant is not stored in the database.
		if ( Config::isLocked( $name ) || $given === null || ( $given === '' && Config::isOptional( $name ) ) ) {
			return null;
		}
		$value = Setting::read( $name, $given, Config::byDefault( $name ) );
		if ( $value !== null ) {
			return $value;
		}
		/* translators: 1: a setting's name, 2: what it must be */
		self::complain( $name, sprintf( __( '%1$s must be %2$s. The old value was kept.', 'ticket-metadata' ), SettingsFields::label( $name ), Setting::expected( $name, Config::byDefault( $name ) ) ) );
		// An invalid value that was stored earlier stays too; Config reports it.
		return $stored;
	}

	private static function withKey( array $input, array $stored ): array {
		$new = self::newKey( $input );
		if ( $new !== '' ) {
			$input['key'] = $new;
		} elseif ( empty( $input[ self::REMOVE_KEY ] ) && isset( $stored['key'] ) ) {
			$input['key'] = $stored['key'];
		} else {
			$input['key'] = null;
		}
		return $input;
	}

	private static function newKey( array $input ): string {
		return is_string( $input[ self::NEW_KEY ] ) ? trim( $input[ self::NEW_KEY ] ) : '';
	}

	private static function withStatuses( array $input, array $stored ): array {
		$sent = $input[ self::STATUSES ] ?? null;
		if ( ! is_array( $sent ) ) {
			unset( $input['status_map'] );
			return $input;
		}
		$map = is_array( $stored['status_map'] ?? null ) ? $stored['status_map'] : [];
		foreach ( self::places() as $place ) {
			$status = $sent[ rawurlencode( $place ) ] ?? $map[ $place ] ?? '';
			$status = is_string( $status ) ? trim( $status ) : '';
			if ( $status === '' ) {
				unset( $map[ $place ] );
			} elseif ( mb_strlen( $status, 'UTF-8' ) <= self::STATUS_LENGTH_MAX && preg_match( '/[\x00-\x1f\x7f]/', $status ) === 0 ) {
				$map[ $place ] = $status;
			} else {
				/* translators: 1: a status of a help desk, 2: a number of characters */
				self::complain( 'status_map', sprintf( __( 'The status for %1$s must be one line of at most %2$s characters. The old value was kept.', 'ticket-metadata' ), $place, number_format_i18n( self::STATUS_LENGTH_MAX ) ) );
			}
		}
		$input['status_map'] = $map;
		return $input;
	}

	/** @return string[] the keys of the map; others in the form are ignored */
	private static function places(): array {
		try {
			return array_keys( StatusMap::ofSite()->rows() );
		} catch ( \Throwable $error ) {
			// A bug in a bridge.
			self::complain( 'status_map', $error->getMessage() );
			return [];
		}
	}

	private static function complain( string $name, string $text ): void {
		// WordPress prints it without escaping.
		add_settings_error( Config::OPTION, "ticket_metadata_$name", esc_html( $text ) );
	}
}
