<?php
namespace TicketMetadata\Test;

use TicketMetadata\Cli\Commands;

/** The commands, on a stand-in for WP-CLI. */
abstract class CommandTestCase extends SiteTestCase {

	/** @var int[] the seconds that were waited */
	protected array $pauses = [];

	/** @var callable(): void what happens while it waits */
	protected $whileWaiting;

	protected function setUp(): void {
		require_once __DIR__ . '/../shared/WpCli.php';
		parent::setUp();
		\WP_CLI::$said      = [];
		CommandEnded::$bars = [];
		$this->whileWaiting = static function (): void {};
	}

	/** @return int the exit code */
	protected function command( string $name, array $options = [] ): int {
		\WP_CLI::$said = [];
		$commands      = new Commands(
			function ( int $seconds ): void {
				$this->pauses[] = $seconds;
				( $this->whileWaiting )();
			}
		);
		try {
			$commands->$name( [], $options );
			return 0;
		} catch ( CommandEnded $ended ) {
			return $ended->getCode();
		}
	}

	protected static function assertSaid( string $text ): void {
		self::assertStringContainsString( $text, implode( "\n", \WP_CLI::$said ) );
	}

	/** @return mixed what a program would read: nothing else may have been said */
	protected static function json() {
		self::assertCount( 1, \WP_CLI::$said );
		return json_decode( \WP_CLI::$said[0], true, 512, JSON_THROW_ON_ERROR );
	}
}
