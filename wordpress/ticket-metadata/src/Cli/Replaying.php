<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Changes\ReplayResult;

/** `wp ticket-metadata replay` */
final class Replaying {

	private const REFUSALS_SHOWN = 20;

	/** Rows that are searched for refusals. The first rows of a long outbox say enough. */
	private const ROWS_LOOKED_AT = 1000;

	public function run( int $limit, bool $isDiscarding ): void {
		$outbox = new Outbox();
		// Whoever runs the command has probably fixed the reasons for refusals.
		$outbox->hurry();
		$bar    = \WP_CLI\Utils\make_progress_bar( __( 'Sending the outbox', 'ticket-metadata' ), min( $limit, $outbox->depth() ) );
		$result = Replay::run(
			$limit,
			static function ( int $tickets ) use ( $bar ): void {
				$bar->tick( $tickets );
				Memory::release();
			}
		);
		$bar->finish();
		$this->conclude( $result, $outbox, $isDiscarding );
	}

	private function conclude( ReplayResult $result, Outbox $outbox, bool $isDiscarding ): void {
		if ( $result->isBusy ) {
			\WP_CLI::error( __( 'Another process is replaying. Try again when it is done.', 'ticket-metadata' ) );
		}
		$this->showRefusals( $outbox );
		if ( $isDiscarding && $result->stoppedBy === '' ) {
			$discarded = $outbox->discardRefused();
			/* translators: %d: a number of tickets */
			\WP_CLI::log( sprintf( __( 'Discarded, because the service refused them: %d.', 'ticket-metadata' ), $discarded ) );
			$result->left = $outbox->depth();
			$outbox->correctSign();
		}
		if ( $result->deleted > 0 ) {
			/* translators: %d: a number of tickets */
			\WP_CLI::log( sprintf( __( 'Not sent, because they were deleted in the service: %d.', 'ticket-metadata' ), $result->deleted ) );
		}
		if ( $result->stoppedBy !== '' ) {
			/* translators: 1: a code, 2: what went wrong */
			\WP_CLI::warning( sprintf( __( 'Stopped early: %1$s. %2$s', 'ticket-metadata' ), $result->stoppedBy, $result->stoppedDetail ) );
		}
		/* translators: numbers of tickets */
		$summary = sprintf( __( 'Delivered %1$d, refused %2$d, left %3$d.', 'ticket-metadata' ), $result->delivered, $result->refused, $result->left );
		if ( $result->left > 0 ) {
			\WP_CLI::error( $summary );
		}
		\WP_CLI::success( $summary );
	}

	private function showRefusals( Outbox $outbox ): void {
		$shown = 0;
		foreach ( $outbox->rows( self::ROWS_LOOKED_AT ) as $row ) {
			if ( $row->refusals > 0 && ++$shown <= self::REFUSALS_SHOWN ) {
				/* translators: 1: a help desk's slug, 2: a ticket's id, 3: a code, 4: why */
				\WP_CLI::warning( sprintf( __( '%1$s ticket %2$d was refused: %3$s. %4$s', 'ticket-metadata' ), $row->source === '' ? __( 'Deferred', 'ticket-metadata' ) : $row->source, $row->ticketId, $row->errorCode, $row->errorDetail ) );
			}
		}
	}
}
