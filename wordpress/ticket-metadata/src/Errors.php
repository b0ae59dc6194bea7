<?php
namespace TicketMetadata;

use TicketMetadata\Client\Answer;

/** Reports the reasons when a function returns only false. */
final class Errors {

	/** The service quotes refused values, which may be long. The beginning names the field. */
	private const LOG_CHARACTERS_MAX = 500;

	public static function ofAnswer( int $ticket_id, Answer $answer ): void {
		self::report( $ticket_id, $answer->code, $answer->detail(), $answer->status, $answer->requestId() );
	}

	public static function report( int $ticket_id, string $code, string $detail, int $status = 0, string $request_id = '' ): void {
		$error = new \WP_Error( $code, $detail, compact( 'status', 'request_id', 'ticket_id' ) );

		// No log line for a plugin that was switched off on purpose.
		if ( $code !== 'disabled' && defined( 'WP_DEBUG_LOG' ) && WP_DEBUG_LOG ) {
			error_log( self::line( $ticket_id, $code, $detail, $status, $request_id ) );
		}

		try {
			/**
			 * Fires when a ticket could not be written, read or pushed.
			 *
			 * @param \WP_Error $error code: the service's or the client's; message: what to do; data: an array with status
			 *   (0: the service did not answer), request_id and ticket_id (0: no single ticket).
			 */
			do_action( 'ticket_metadata_error', $error );
		} catch ( \Throwable $mistake ) {
			// A listener must not end the page or prevent other tickets from being stored.
			error_log( 'ticket-metadata: a listener of ticket_metadata_error failed: ' . get_class( $mistake ) . ': ' . $mistake->getMessage() );
		}
	}

	private static function line( int $ticket_id, string $code, string $detail, int $status, string $request_id ): string {
		// Text from customers or servers must not look like a log line of its own.
		$line = "ticket-metadata: ticket $ticket_id: $code, status $status, request \"$request_id\": $detail";
		return substr( (string) preg_replace( '/[\x00-\x1f\x7f]+/', ' ', $line ), 0, self::LOG_CHARACTERS_MAX );
	}
}
