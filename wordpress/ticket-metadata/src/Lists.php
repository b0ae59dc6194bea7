<?php
namespace TicketMetadata;

use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Client\Listing;

/** Lists and counts for this site. The service has the tickets of all sites of a network together: a site sees its own. */
final class Lists {

	/** Of one page. */
	private const KEPT_MAX = 50;

	/** @var array<string, array> answers by what was asked */
	private static array $kept = [];

	private Listing $listing;

	private bool $isKept;

	/** @param bool $isKept whether the same question gets the same answer until this PHP request writes something */
	public function __construct( Client $client, bool $isKept = false ) {
		$this->listing = new Listing( $client );
		$this->isKept  = $isKept;
	}

	/** For a page: within its timeout, and each question once. A long list says nothing of the circuit. */
	public static function ofPage(): self {
		$client = Plugin::client()->unrecorded()->by( Deadline::in( ( new Config() )->timeoutMs() ) );
		// A program that runs for long looks again in order to see what has changed.
		return new self( $client, ! wp_doing_cron() && ! ( defined( 'WP_CLI' ) && WP_CLI ) );
	}

	/** @return array|\WP_Error tickets, next_cursor, has_more, and incomplete if it is partial */
	public function find( array $filters, array $arguments ) {
		$page = $this->asked( [ 'find', $filters, $arguments ], fn(): Answer => $this->listing->page( $filters, $arguments ) );
		if ( is_wp_error( $page ) ) {
			return $page;
		}
		$tickets = [];
		foreach ( $page['tickets'] as $ticket ) {
			$id = TicketIds::onSite( $ticket['ticket_id'] );
			if ( $id !== null ) {
				$tickets[] = [ 'ticket_id' => $id ] + $ticket;
			}
		}
		return [ 'tickets' => $tickets ] + $page;
	}

	/** @return array|\WP_Error counts by value, and as_of in Unix seconds */
	public function counts( string $groupBy, array $filters ) {
		if ( is_multisite() ) {
			return new \WP_Error( 'not_supported', __( 'The service counts the tickets of all sites of a network together, so it cannot count those of this site.', 'ticket-metadata' ), [ 'status' => 0, 'request_id' => '' ] );
		}
		return $this->asked( [ 'counts', $groupBy, $filters ], fn(): Answer => $this->listing->counts( $groupBy, $filters ) );
	}

	/**
	 * @param array              $question
	 * @param callable(): Answer $ask
	 * @return array|\WP_Error
	 */
	private function asked( array $question, callable $ask ) {
		// Not serialize(): a value may be an object that does not like it. Such a value is refused when it is asked.
		$key = $this->isKept ? (string) wp_json_encode( [ get_current_blog_id(), Client::$writes, $question ] ) : '';
		if ( $key !== '' && isset( self::$kept[ $key ] ) ) {
			return self::$kept[ $key ];
		}
		$answer = $ask();
		if ( $answer->status !== 200 ) {
			return new \WP_Error( $answer->code, $answer->detail(), [ 'status' => $answer->status, 'request_id' => $answer->requestId() ] );
		}
		if ( $key !== '' ) {
			self::$kept = array_slice( self::$kept, 1 - self::KEPT_MAX, null, true ) + [ $key => $answer->body ];
		}
		return $answer->body;
	}
}
