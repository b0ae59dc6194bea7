<?php
namespace TicketMetadata;

use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Json;

/** A call of one of the plugin's functions, about a ticket of this site. */
final class Call {

	/** @param callable(Client, int): Answer $call gets the id that the service knows the ticket by */
	public static function about( int $ticket_id, callable $call ): Answer {
		try {
			return $call( Plugin::client(), TicketIds::ofSite( $ticket_id ) );
		} catch ( \RangeException $error ) {
			return Answer::failure( 'invalid_argument', $error->getMessage() );
		}
	}

	/**
	 * @param callable(Client, int): Answer $call
	 * @return bool whether the service keeps what was written; if not, the reason was reported
	 */
	public static function stores( int $ticket_id, callable $call ): bool {
		$answer = self::about( $ticket_id, $call );
		if ( ! $answer->isStored() ) {
			Errors::ofAnswer( $ticket_id, $answer );
		}
		return $answer->isStored();
	}

	/** @return bool whether the fields can be sent when the page is done; if not, the reason was reported */
	public static function defers( int $ticket_id, array $fields ): bool {
		if ( ( new Config() )->isDisabled() ) {
			Errors::report( $ticket_id, 'disabled', 'The plugin is switched off: nothing is sent to the service.' );
			return false;
		}
		try {
			// Now, where the mistake is, and not when the page is done.
			TicketIds::ofSite( $ticket_id );
			Json::encode( $fields );
		} catch ( \RangeException | \InvalidArgumentException $error ) {
			Errors::report( $ticket_id, 'invalid_argument', $error->getMessage() );
			return false;
		}
		Plugin::marks()->defer( $ticket_id, $fields );
		return true;
	}
}
