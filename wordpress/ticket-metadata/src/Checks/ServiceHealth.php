<?php
namespace TicketMetadata\Checks;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;

/** The service's public health, requested once. */
final class ServiceHealth {

	/** Above it, the times in a ticket contradict those of the site. */
	private const CLOCK_SECONDS_MAX = 60;

	private Answer $answer;

	/** Unix seconds of the answer. */
	private int $askedAt;

	public function __construct( Client $client ) {
		$this->answer  = $client->health();
		$this->askedAt = time();
	}

	public function reachable(): Finding {
		$state = $this->answer->body['status'] ?? null;
		if ( $this->answer->status === 0 ) {
			return Finding::critical( 'reachable', __( 'The ticket-metadata service cannot be reached', 'ticket-metadata' ), $this->answer->detail() . ' ' . __( 'Start the service, or correct its address. Until then, changes wait in the outbox of this site.', 'ticket-metadata' ) );
		}
		if ( $state === 'ready' ) {
			return Finding::good( 'reachable', __( 'The ticket-metadata service can be reached', 'ticket-metadata' ), $this->parts() );
		}
		if ( $state === 'degraded' ) {
			return Finding::recommended( 'reachable', __( 'The ticket-metadata service is degraded', 'ticket-metadata' ), $this->parts() );
		}
		if ( $state === 'unavailable' ) {
			return Finding::critical( 'reachable', __( 'The ticket-metadata service has neither Redis nor MySQL', 'ticket-metadata' ), $this->parts() );
		}
		return Finding::critical(
			'reachable',
			__( 'Something other than the ticket-metadata service answers', 'ticket-metadata' ),
			$this->answer->detail() !== '' ? $this->answer->detail() : __( 'The answer to /health/ready contains no state. Check the address.', 'ticket-metadata' )
		);
	}

	public function clock(): Finding {
		if ( $this->answer->status === 0 ) {
			return Finding::recommended( 'clock', __( 'The clock of the ticket-metadata service could not be compared', 'ticket-metadata' ), $this->answer->detail() );
		}
		$there = strtotime( $this->answer->headers['date'] ?? '' );
		if ( $there === false ) {
			return Finding::recommended( 'clock', __( 'The clock of the ticket-metadata service could not be compared', 'ticket-metadata' ), __( 'Its answer has no Date header.', 'ticket-metadata' ) );
		}
		$seconds = abs( $there - $this->askedAt );
		/* translators: %s: a number of seconds */
		$text = sprintf( __( 'It differs from the clock of this site by %s s. Tickets contain times of both clocks.', 'ticket-metadata' ), number_format_i18n( $seconds ) );
		return $seconds > self::CLOCK_SECONDS_MAX
			? Finding::critical( 'clock', __( 'The clock of the ticket-metadata service, or of this site, is wrong', 'ticket-metadata' ), $text . ' ' . __( 'Synchronise both machines with a time server.', 'ticket-metadata' ) )
			: Finding::good( 'clock', __( 'The clock of the ticket-metadata service is right', 'ticket-metadata' ), $text );
	}

	private function parts(): string {
		return sprintf(
			/* translators: 1: state of Redis, 2: state of MySQL, 3: state of the journal, as the service names them */
			__( 'Redis: %1$s. MySQL: %2$s. Journal: %3$s.', 'ticket-metadata' ),
			self::part( $this->answer->body['redis'] ?? null ),
			self::part( $this->answer->body['mysql'] ?? null ),
			self::word( $this->answer->body['journal'] ?? null )
		);
	}

	/** @param mixed $part */
	private static function part( $part ): string {
		$reason = is_array( $part ) ? $part['reason'] ?? null : null;
		return self::word( is_array( $part ) ? $part['state'] ?? null : null ) . ( is_string( $reason ) ? ' (' . self::word( $reason ) . ')' : '' );
	}

	/** @param mixed $word */
	private static function word( $word ): string {
		return is_string( $word ) ? Answer::line( $word ) : '?';
	}
}
