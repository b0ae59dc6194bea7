<?php
namespace TicketMetadata;

use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Client\Json;

/** A call of one of the plugin's functions, about a ticket of this site. */
final class Call {

	/** More than 50 custom fields of maximum length. */
	private const BYTES_MAX = 524288;

	/** @param callable(Client, int): Answer $call gets the ticket's id in the service */
	public static function about( int $ticket_id, callable $call ): Answer {
		try {
			// Two requests may be needed. Together they take no longer than one may.
			$client = Plugin::client()->by( Deadline::in( ( new Config() )->timeoutMs() ) );
			return $call( $client, TicketIds::ofSite( $ticket_id ) );
		} catch ( \RangeException $error ) {
			return Answer::failure( 'invalid_argument', $error->getMessage() );
		}
	}

	/**
	 * @param callable(Client, int): Answer $call
	 * @return bool whether the service stored the change; if not, the reason was reported
	 */
	public static function stores( int $ticket_id, callable $call ): bool {
		$answer = self::about( $ticket_id, $call );
		if ( ! $answer->isStored() ) {
			Errors::ofAnswer( $ticket_id, $answer );
		}
		return $answer->isStored();
	}

	/**
	 * The fields in the form in which they are sent: an object could encode itself differently later.
	 *
	 * @throws \InvalidArgumentException
	 */
	private static function encodable( array $fields ): array {
		$text = Json::encode( $fields );
		if ( strlen( $text ) > self::BYTES_MAX ) {
			throw new \InvalidArgumentException( 'The fields are longer than ' . self::BYTES_MAX . ' bytes, and the service would refuse them.' );
		}
		return Json::decode( $text );
	}

	/** @return bool whether the fields can be sent at the end of the page; if not, the reason was reported */
	public static function defers( int $ticket_id, array $fields ): bool {
		if ( ( new Config() )->isDisabled() ) {
			Errors::report( $ticket_id, 'disabled', 'The plugin is switched off: nothing is sent to the service.' );
			return false;
		}
		try {
			// Here, where the caller can see the mistake, and not at the end of the page.
			TicketIds::ofSite( $ticket_id );
			FieldNames::assertKnown( $fields );
			$fields = self::encodable( $fields );
		} catch ( \RangeException | \InvalidArgumentException $error ) {
			Errors::report( $ticket_id, 'invalid_argument', $error->getMessage() );
			return false;
		}
		Plugin::marks()->defer( $ticket_id, Numbers::typed( $fields ) );
		return true;
	}
}
