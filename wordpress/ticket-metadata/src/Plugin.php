<?php
namespace TicketMetadata;

use TicketMetadata\Admin\Administration;
use TicketMetadata\Admin\Deactivation;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\LastDelivery;
use TicketMetadata\Changes\Marks;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Reading;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Cli\Commands;
use TicketMetadata\Client\Client;
use TicketMetadata\Combining\Combining;
use TicketMetadata\Combining\Scope;
use TicketMetadata\Combining\TableColumns;

/** The parts of the plugin, in reading order. */
final class Plugin {

	/** For calls that no page waits for: cron, the command line and the connection test. */
	private const PATIENCE_MS = 20000;

	/** @var array<int, Client> by site */
	private static array $clients = [];

	private static ?Marks $marks = null;

	public static function boot(): void {
		Reading::begin();
		// Runs last, so that a setting with a constant never gets into the database, whatever code writes the option.
		add_filter( 'sanitize_option_' . Config::OPTION, [ Config::class, 'withoutLocked' ], PHP_INT_MAX );

		// After the settings were saved, use the new ones.
		add_action( 'add_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );
		add_action( 'update_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );

		// When a site is deleted, WordPress drops only the tables that it knows.
		add_filter( 'wpmu_drop_tables', [ OutboxTable::class, 'addTo' ], 10, 2 );

		Schedule::listen();
		AtShutdown::listen();
		// Before other plugins write anything.
		add_action( 'plugins_loaded', [ self::class, 'recallColumns' ], PHP_INT_MIN );
		// After plugins and theme are loaded, and before any ticket changes.
		add_action( 'after_setup_theme', [ self::class, 'listenToHelpDesks' ] );
		add_action( 'after_setup_theme', [ self::class, 'combineWrites' ] );

		add_action( 'init', [ Config::class, 'ensureLoaded' ] );
		add_action( 'init', [ self::class, 'loadTranslations' ] );
		Administration::listen();
		Deactivation::listen( self::file() );
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			Commands::listen();
		}
	}

	public static function loadTranslations(): void {
		load_plugin_textdomain( 'ticket-metadata', false, dirname( plugin_basename( self::file() ) ) . '/languages' );
	}

	/** The plugin's main file. */
	private static function file(): string {
		return dirname( __DIR__ ) . '/ticket-metadata.php';
	}

	public static function listenToHelpDesks(): void {
		if ( ( new Config() )->isDisabled() ) {
			return;
		}
		foreach ( Bridges::active() as $slug => $bridge ) {
			$mark = static function ( int $id, bool $isNew = false ) use ( $slug ): void {
				self::marks()->mark( $slug, $id, $isNew );
			};
			try {
				$bridge->listen( $mark );
			} catch ( \Throwable $error ) {
				// A bug in a bridge would end every page, including the one where the plugin can be deactivated.
				Errors::report( 0, 'bridge_error', get_class( $error ) . ': ' . $error->getMessage() );
			}
		}
	}

	public static function recallColumns(): void {
		if ( ( new Config() )->combinesWrites() ) {
			( new TableColumns( Schedule::runs() ) )->listen();
		}
	}

	/** Even if nothing is mirrored: it needs no service. */
	public static function combineWrites(): void {
		if ( ! ( new Config() )->combinesWrites() ) {
			return;
		}
		try {
			Combining::start( Scope::of( Bridges::active() ) );
		} catch ( \Throwable $error ) {
			// As above.
			Errors::report( 0, 'bridge_error', get_class( $error ) . ': ' . $error->getMessage() );
		}
	}

	/** Without creating Marks, which a PHP request without changes does not need. */
	public static function hasMarks(): bool {
		return self::$marks !== null && ! self::$marks->isEmpty();
	}

	/** The changes of this PHP request. */
	public static function marks(): Marks {
		self::$marks = self::$marks ?? new Marks();
		return self::$marks;
	}

	/** One client, and so one connection, per PHP request and site. */
	public static function client(): Client {
		$blog                   = get_current_blog_id();
		self::$clients[ $blog ] = self::$clients[ $blog ] ?? Client::fromConfig( new Config() );
		return self::$clients[ $blog ];
	}

	/** A client with a longer timeout that sends requests even if the circuit is open. Its results close or open the circuit for pages too. */
	public static function patientClient(): Client {
		return Client::fromConfig( new Config(), self::PATIENCE_MS )->trying();
	}

	public static function lastDelivery(): LastDelivery {
		return new LastDelivery( Client::state() );
	}

	public static function forgetClient(): void {
		self::$clients = [];
	}
}
