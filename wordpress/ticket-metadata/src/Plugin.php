<?php
namespace TicketMetadata;

use TicketMetadata\Client\Client;

/** What the plugin consists of, in reading order. */
final class Plugin {

	private static ?Client $client = null;

	public static function boot(): void {
		// The key of a constant does not get into the database, whoever writes the option.
		add_filter( 'sanitize_option_' . Config::OPTION, [ Config::class, 'withoutLocked' ] );

		// What is tested after the settings were saved is what was saved.
		add_action( 'add_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );
		add_action( 'update_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );
	}

	/** One for the PHP request, and so one connection. */
	public static function client(): Client {
		if ( self::$client === null ) {
			self::$client = Client::fromConfig( new Config() );
		}
		return self::$client;
	}

	public static function forgetClient(): void {
		self::$client = null;
	}
}
