<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;

/**
 * Says to all PHP requests of the site whether the outbox holds anything or has dropped anything, where WordPress has it
 * without a query: in the object cache if it is persistent, else in an autoloaded option, as it was when the page began.
 */
final class OutboxSign {

	/** Memcached reads a longer time as a date. */
	private const KEPT_SECONDS = 30 * 86400;

	private const EMPTY  = 0;
	private const FILLED = 1;

	/** @return bool|null null: nobody has said it yet */
	public static function isEmpty(): ?bool {
		$sign = Client::state()->loaded( 'outbox' );
		return $sign === null ? null : $sign === self::EMPTY;
	}

	/** Before something is put into the outbox, where others go by the sign alone. */
	public static function fillBefore(): void {
		if ( wp_using_ext_object_cache() ) {
			self::fill();
		}
	}

	/** After something was put into the outbox. A replay may have emptied it, and said so, since the page began: then this is asked, and not taken as loaded. */
	public static function fill(): void {
		$state = Client::state();
		if ( $state->loaded( 'outbox' ) !== self::FILLED || $state->get( 'outbox' ) !== self::FILLED ) {
			$state->set( 'outbox', self::FILLED, self::KEPT_SECONDS );
		}
	}

	/**
	 * After something was taken out of the outbox.
	 *
	 * @param callable(): bool $isEmpty asks the table
	 */
	public static function correct( callable $isEmpty ): void {
		$state = Client::state();
		if ( ! $isEmpty() ) {
			self::fill();
			return;
		}
		if ( $state->get( 'outbox' ) === self::EMPTY ) {
			return;
		}
		$state->set( 'outbox', self::EMPTY, self::KEPT_SECONDS );
		// Another request may have put something in before it could see the new sign.
		if ( ! $isEmpty() ) {
			$state->set( 'outbox', self::FILLED, self::KEPT_SECONDS );
		}
	}
}
