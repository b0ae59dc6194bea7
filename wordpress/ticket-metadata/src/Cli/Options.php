<?php
namespace TicketMetadata\Cli;

/** Numbers from the command line. */
final class Options {

	private const BATCH = 200;

	/** The service's limit per batch. */
	private const BATCH_MAX = 500;

	public static function number( array $options, string $name, int $default, int $min = 0 ): int {
		if ( ! isset( $options[ $name ] ) ) {
			return $default;
		}
		$number = filter_var( $options[ $name ], FILTER_VALIDATE_INT, [ 'options' => [ 'min_range' => $min ] ] );
		if ( $number === false ) {
			/* translators: 1: an option's name, 2: a number */
			\WP_CLI::error( sprintf( __( '--%1$s must be a whole number of at least %2$s.', 'ticket-metadata' ), $name, $min ) );
		}
		return (int) $number;
	}

	public static function batch( array $options ): int {
		$batch = self::number( $options, 'batch', self::BATCH, 1 );
		if ( $batch > self::BATCH_MAX ) {
			/* translators: %s: a number */
			\WP_CLI::error( sprintf( __( '--batch must be at most %s.', 'ticket-metadata' ), self::BATCH_MAX ) );
		}
		return $batch;
	}
}
