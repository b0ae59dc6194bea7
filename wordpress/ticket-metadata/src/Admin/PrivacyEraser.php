<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Changes\DeferredErasure;
use TicketMetadata\Changes\Erased;
use TicketMetadata\Client\Erasures;
use TicketMetadata\Plugin;

/**
 * Erases what the service has of a person, for Tools > Erase Personal Data. The service works on it in the background, so WordPress
 * asks page after page until it is done. The help desk's own tickets are for the help desk's own eraser.
 */
final class PrivacyEraser {

	/** How long a page waits for the service. WordPress's script asks for the next one at once. */
	private const PAGE_MS = 5000;

	private const PAUSE_MS = 250;

	/** Two minutes in all. Then the service goes on alone, and somebody has to look later. */
	private const PAGES_MAX = 24;

	/** Between two pages. */
	private const KEPT_SECONDS = 3600;

	/** @param mixed $erasers */
	public static function add( $erasers ): array {
		// WordPress runs them in this order.
		return [
			'ticket-metadata' => [
				'eraser_friendly_name' => __( 'Ticket Metadata', 'ticket-metadata' ),
				'callback'             => [ self::class, 'erase' ],
			],
		] + ( is_array( $erasers ) ? $erasers : [] );
	}

	/**
	 * @param mixed $email
	 * @param mixed $page  from 1
	 */
	public static function erase( $email, $page ): array {
		$page = max( 1, (int) $page );
		$name = 'ticket_metadata_erasure_' . md5( strtolower( (string) $email ) );
		try {
			$eraser = new ErasureProgress( new Erasures( Plugin::patientClient() ) );
			$saved  = $page === 1 ? null : get_transient( $name );
			$person = new Person( (string) $email );
			is_array( $saved ) ? $eraser->resume( $saved ) : self::begin( $eraser, $person );
			/**
			 * Filters how long a page of the eraser waits for the service, for a server that ends PHP earlier.
			 *
			 * @param int $ms
			 */
			$isDone = $eraser->wait( (int) apply_filters( 'ticket_metadata_erasure_page_ms', self::PAGE_MS ), self::PAUSE_MS );
			if ( ! $isDone && $page < self::PAGES_MAX ) {
				set_transient( $name, $eraser->state(), self::KEPT_SECONDS );
				return self::answer( false, false, [], false );
			}
			delete_transient( $name );
			return self::answer( $eraser->hasRemoved(), ! $isDone || $eraser->failures() !== [], self::messages( $eraser, $isDone, $person->hasTickets() ), true );
		} catch ( \Throwable $error ) {
			/* translators: %s: what went wrong */
			return self::answer( false, true, [ sprintf( __( 'The data in the ticket-metadata service was not erased. Try again. Reason: %s', 'ticket-metadata' ), $error->getMessage() ) ], true );
		}
	}

	private static function begin( ErasureProgress $eraser, Person $person ): void {
		foreach ( $person->customers() as $customer ) {
			if ( $eraser->begin( $customer ) ) {
				Erased::add( $customer );
			}
		}
		$eraser->addRemoved( DeferredErasure::run( $person->customers() ) );
	}

	/** @return string[] */
	private static function messages( ErasureProgress $eraser, bool $isDone, bool $hasTickets ): array {
		$messages = [];
		foreach ( array_unique( $eraser->failures() ) as $code => $detail ) {
			$messages[] = $code === 'forbidden'
				? __( 'The data in the ticket-metadata service was not erased: the key of this site lacks the scope erase. An operator of the service adds it to the key\'s entry in API_KEYS. Then erase again.', 'ticket-metadata' )
				/* translators: %s: what went wrong */
				: sprintf( __( 'The data in the ticket-metadata service was not erased. Try again. Reason: %s', 'ticket-metadata' ), $detail );
		}
		if ( ! $isDone ) {
			$messages[] = sprintf(
				/* translators: 1: numbers of erasures, 2: what the service waits for, as it names it */
				__( 'The ticket-metadata service has accepted the erasure and is not done (GET /erasures/%1$s; it waits for: %2$s). It goes on by itself. Erase again later to see that it is done.', 'ticket-metadata' ),
				implode( ', ', $eraser->open() ),
				$eraser->waitingFor()
			);
		}
		if ( $hasTickets ) {
			$messages[] = __( 'The tickets in the help desk itself are not touched by Ticket Metadata, and are not sent to the service again. Erase or delete them there.', 'ticket-metadata' );
		}
		return $messages;
	}

	/** @param string[] $messages */
	private static function answer( bool $hasRemoved, bool $hasRetained, array $messages, bool $isDone ): array {
		return [
			'items_removed'  => $hasRemoved,
			'items_retained' => $hasRetained,
			// WordPress's script puts them into the page as HTML.
			'messages'       => array_map( 'esc_html', $messages ),
			'done'           => $isDone,
		];
	}
}
