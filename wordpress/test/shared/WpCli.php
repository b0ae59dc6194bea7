<?php
/**
 * A stand-in for WP-CLI: of its class and functions, those that the plugin calls, with their arguments and results as
 * in WP-CLI 2 (php/class-wp-cli.php, php/utils.php). It keeps what it is told, and throws where WP-CLI would end PHP.
 */

namespace {
	final class WP_CLI {

		/** @var array<string, mixed> */
		public static array $commands = [];

		/** @var string[] each with what kind it is */
		public static array $said = [];

		public static function add_command( string $name, $callable, array $arguments = [] ): bool {
			self::$commands[ $name ] = $callable;
			return true;
		}

		public static function line( string $message = '' ): void {
			self::$said[] = $message;
		}

		public static function log( string $message ): void {
			self::$said[] = $message;
		}

		public static function success( string $message ): void {
			self::$said[] = "Success: $message";
		}

		public static function warning( string $message ): void {
			self::$said[] = "Warning: $message";
		}

		public static function error( string $message, bool $exit = true ): void {
			self::$said[] = "Error: $message";
			if ( $exit ) {
				throw new \TicketMetadata\Test\CommandEnded( 1 );
			}
		}

		public static function halt( int $code ): void {
			throw new \TicketMetadata\Test\CommandEnded( $code );
		}
	}
}

namespace WP_CLI {
	/** What stands for a progress bar where nobody sees one. */
	final class NoOp {

		public int $ticks = 0;

		public bool $isFinished = false;

		public int $count;

		public function __construct( int $count ) {
			$this->count = $count;
		}

		public function tick( int $ticks = 1, ?string $message = null ): void {
			$this->ticks += $ticks;
		}

		public function finish(): void {
			$this->isFinished = true;
		}
	}
}

namespace WP_CLI\Utils {
	function make_progress_bar( string $message, int $count, int $interval = 100 ): \WP_CLI\NoOp {
		\TicketMetadata\Test\CommandEnded::$bars[] = $bar = new \WP_CLI\NoOp( $count );
		return $bar;
	}

	function format_items( string $format, array $items, $fields ): void {
		foreach ( $items as $item ) {
			$row = [];
			foreach ( (array) $fields as $field ) {
				$row[] = $item[ $field ];
			}
			\WP_CLI::$said[] = $format === 'json' ? json_encode( $row, JSON_THROW_ON_ERROR ) : implode( ' | ', $row );
		}
	}
}

namespace TicketMetadata\Test {
	/** PHP would have ended here. */
	final class CommandEnded extends \RuntimeException {

		/** @var \WP_CLI\NoOp[] all that were made */
		public static array $bars = [];

		public function __construct( int $code ) {
			parent::__construct( "ended with $code", $code );
		}
	}
}
