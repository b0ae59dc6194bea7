<?php
namespace TicketMetadata;

use TicketMetadata\Admin\Administration;
use TicketMetadata\Admin\Deactivation;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\LastDelivery;
use TicketMetadata\Changes\Marks;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Cli\Commands;
use TicketMetadata\Client\Client;

/** What the plugin consists of, in reading order. */
final class Plugin {

	/** For those whom no page waits for: cron, the command line, and who tests the connection. */
	private const PATIENCE_MS = 20000;

	/** @var array<int, Client> by site */
	private static array $clients = [];

	private static ?Marks $marks = null;

	public static function boot(): void {
		// The key of a constant does not get into the database, whoever writes the option: this has the last word.
		add_filter( 'sanitize_option_' . Config::OPTION, [ Config::class, 'withoutLocked' ], PHP_INT_MAX );

		// What is tested after the settings were saved is what was saved.
		add_action( 'add_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );
		add_action( 'update_option_' . Config::OPTION, [ self::class, 'forgetClient' ] );

		// WordPress drops a deleted site's own tables only.
		add_filter( 'wpmu_drop_tables', [ OutboxTable::class, 'addTo' ], 10, 2 );

		Schedule::listen();
		AtShutdown::listen();
		// When plugins and the theme are loaded, and nobody has changed a ticket yet.
		add_action( 'after_setup_theme', [ self::class, 'listenToHelpDesks' ] );

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

	/** The one that WordPress knows the plugin by. */
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
				// A bridge's mistake would end every page, that on which the plugin can be switched off too.
				Errors::report( 0, 'bridge_error', get_class( $error ) . ': ' . $error->getMessage() );
			}
		}
	}

	/** Without loading what a PHP request without changes has no need of. */
	public static function hasMarks(): bool {
		return self::$marks !== null && ! self::$marks->isEmpty();
	}

	/** What changed in this PHP request. */
	public static function marks(): Marks {
		self::$marks = self::$marks ?? new Marks();
		return self::$marks;
	}

	/** One for the PHP request, and so one connection. */
	public static function client(): Client {
		$blog                   = get_current_blog_id();
		self::$clients[ $blog ] = self::$clients[ $blog ] ?? Client::fromConfig( new Config() );
		return self::$clients[ $blog ];
	}

	/** One that waits, and asks even where pages do not: what it learns is good for them too. */
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
