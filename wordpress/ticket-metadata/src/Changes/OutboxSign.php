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

	/**
	 * Before something is put into the outbox, where others go by the sign alone. Without a persistent object cache nobody does, and
	 * a page writes nothing but the outbox's row: WP-Cron corrects the sign.
	 */
	public static function fill(): void {
		if ( wp_using_ext_object_cache() && Client::state()->get( 'outbox' ) !== self::FILLED ) {
			Client::state()->set( 'outbox', self::FILLED, self::KEPT_SECONDS );
		}
	}

	/**
	 * After something was taken out of the outbox, and whenever WP-Cron has looked at it.
	 *
	 * @param callable(): bool $isEmpty asks the table
	 */
	public static function correct( callable $isEmpty ): void {
		$state = Client::state();
		$sign  = $isEmpty() ? self::EMPTY : self::FILLED;
		if ( $state->get( 'outbox' ) === $sign ) {
			return;
		}
		if ( $sign === self::FILLED ) {
			$state->set( 'outbox', self::FILLED, self::KEPT_SECONDS );
			return;
		}
		$state->set( 'outbox', self::EMPTY, self::KEPT_SECONDS );
		// Another request may have put something in before it could see the new sign.
		if ( ! $isEmpty() ) {
			$state->set( 'outbox', self::FILLED, self::KEPT_SECONDS );
		}
	}
}
