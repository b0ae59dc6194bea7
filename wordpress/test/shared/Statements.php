<?php
namespace TicketMetadata\Test;

/** Counts the statements that the plugin, and nobody else on the page, asks the database for. */
final class Statements {

	/** @var string[] */
	public array $reads = [];

	/** @var string[] */
	public array $writes = [];

	public static function during( callable $act ): self {
		$statements = new self();
		$count      = static function ( string $query ) use ( $statements ): string {
			// Whoever of the plugin stands in the way to it asked for it, by whatever function of WordPress.
			if ( preg_grep( '/^TicketMetadata\\\\(?!Test\\b)/', wp_debug_backtrace_summary( null, 0, false ) ) !== [] ) {
				$kind                  = preg_match( '/^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP)/i', $query ) === 1 ? 'writes' : 'reads';
				$statements->{$kind}[] = $query;
			}
			return $query;
		};
		add_filter( 'query', $count );
		try {
			$act();
		} finally {
			remove_filter( 'query', $count );
		}
		return $statements;
	}
}
