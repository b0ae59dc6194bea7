<?php
/** Creating and changing tickets. There, AJAX and REST handlers, cron and add-ons come through these methods. */

final class WPSC_New_Ticket {

	/**
	 * What the form does, on the site and in wp-admin.
	 *
	 * @param array $data of WPSC_Ticket
	 */
	public static function create( array $data ): WPSC_Ticket {
		// PHP's time zone under WordPress is UTC.
		$now    = ( new DateTime() )->format( 'Y-m-d H:i:s' );
		$user   = ( new WPSC_Customer( $data['customer'] ) )->user;
		$ticket = WPSC_Ticket::insert(
			$data + [
				'subject'      => 'Not Applicable',
				'status'       => 1,
				'priority'     => 1,
				'category'     => 1,
				'date_created' => $now,
				'date_updated' => $now,
				'ip_address'   => '192.0.2.7',
				'user_type'    => $user ? 'registered' : 'guest',
				'auth_code'    => bin2hex( random_bytes( 5 ) ),
			]
		);
		WPSC_Individual_Ticket::thread( $ticket, 'report', 'Please help.', (int) $data['customer'] );
		do_action( 'wpsc_create_new_ticket', $ticket );
		return $ticket;
	}
}

final class WPSC_Individual_Ticket {

	public static ?WPSC_Ticket $ticket = null;

	/** Set to 3.2.1 by a test that wants its arguments. */
	public static string $hooks_of_version = WPSC_VERSION;

	public static function change_status( $prev, $new, $customer_id ): void {
		self::$ticket->status      = $new;
		self::$ticket->date_closed = supportcandy_is_closed( $new ) ? new DateTime() : '0000-00-00 00:00:00';
		self::saved();
		do_action( 'wpsc_change_ticket_status', self::$ticket, $prev, $new, $customer_id );
	}

	public static function change_category( $prev, $new, $customer_id ): void {
		self::$ticket->category = $new;
		self::saved();
		do_action( 'wpsc_change_ticket_category', self::$ticket, $prev, $new, $customer_id );
	}

	public static function change_priority( $prev, $new, $customer_id ): void {
		self::$ticket->priority = $new;
		self::saved();
		do_action( 'wpsc_change_ticket_priority', self::$ticket, $prev, $new, $customer_id );
	}

	/**
	 * @param WPSC_Agent[] $prev
	 * @param WPSC_Agent[] $new
	 */
	public static function change_assignee( array $prev, array $new, $customer_id ): void {
		self::$ticket->assigned_agent = $new;
		self::saved();
		do_action( 'wpsc_change_assignee', self::$ticket, $prev, $new, $customer_id );
	}

	public static function change_raised_by( WPSC_Customer $prev, WPSC_Customer $new, $customer_id ): void {
		self::$ticket->customer = $new;
		self::saved();
		do_action( 'wpsc_change_raised_by', self::$ticket, $prev, $new, $customer_id );
	}

	public static function change_subject( string $new, $customer_id ): void {
		$prev                  = self::$ticket->subject;
		self::$ticket->subject = $new;
		self::saved();
		do_action( 'wpsc_change_ticket_subject', self::$ticket, $prev, $new, $customer_id );
	}

	public static function change_tags( string $new, $customer_id ): void {
		$prev               = self::$ticket->tags;
		self::$ticket->tags = $new;
		self::saved();
		do_action( 'wpsc_change_tag', self::$ticket, $prev, $new, $customer_id );
	}

	/** A reply moves the ticket on, an answer of the customer opens a closed one again: by WPSC_GS_General. */
	public static function reply( string $text, int $customer_id, bool $isAgent ): void {
		$thread = self::thread( self::$ticket, 'reply', $text, $customer_id );

		self::$ticket->last_reply_on = new DateTime();
		self::$ticket->last_reply_by = $customer_id;
		self::saved();
		WPSC_GS_General::$isAgent = $isAgent;
		do_action( 'wpsc_post_reply', $thread );
	}

	public static function reply_and_close( string $text, int $customer_id ): void {
		$thread = self::thread( self::$ticket, 'reply', $text, $customer_id );
		$prev   = self::$ticket->status->id;

		self::$ticket->last_reply_on = new DateTime();
		self::$ticket->status        = get_option( 'wpsc-gs-general' )['close-ticket-status'];
		self::$ticket->date_closed   = new DateTime();
		self::saved();
		remove_action( 'wpsc_post_reply', [ 'WPSC_GS_General', 'change_ticket_status' ] );
		do_action( 'wpsc_post_reply', $thread );
		add_action( 'wpsc_post_reply', [ 'WPSC_GS_General', 'change_ticket_status' ] );
		do_action( 'wpsc_change_ticket_status', self::$ticket, $prev, self::$ticket->status->id, $customer_id );
	}

	public static function note( string $text, int $customer_id ): void {
		$thread = self::thread( self::$ticket, 'note', $text, $customer_id );
		self::saved();
		do_action( 'wpsc_submit_note', $thread );
	}

	public static function thread( WPSC_Ticket $ticket, string $type, string $text, int $customer_id ): WPSC_Thread {
		$now = ( new DateTime() )->format( 'Y-m-d H:i:s' );
		return WPSC_Thread::insert( [ 'ticket' => $ticket->id, 'customer' => $customer_id, 'type' => $type, 'body' => $text, 'date_created' => $now, 'date_updated' => $now ] );
	}

	private static function saved(): void {
		self::$ticket->date_updated = new DateTime();
		self::$ticket->save();
	}
}

/** Which status a reply gives. Whoever replied: the change is the system's. */
final class WPSC_GS_General {

	public static bool $isAgent = false;

	public static function change_ticket_status( WPSC_Thread $thread ): void {
		$ticket = $thread->ticket;
		$new    = get_option( 'wpsc-gs-general' )[ self::$isAgent ? 'ticket-status-after-agent-reply' : 'ticket-status-after-customer-reply' ];
		if ( (int) $new !== (int) $ticket->status->id ) {
			WPSC_Individual_Ticket::$ticket = $ticket;
			WPSC_Individual_Ticket::change_status( $ticket->status->id, $new, 0 );
		}
	}
}
add_action( 'wpsc_post_reply', [ 'WPSC_GS_General', 'change_ticket_status' ] );

/** Its REST route for a ticket. */
final class WPSC_REST_Individual_Ticket {

	/** The hook runs before the row is written. */
	public static function change_subject( int $id, string $subject ): void {
		$ticket          = new WPSC_Ticket( $id );
		$prev            = $ticket->subject;
		$ticket->subject = $subject;
		do_action( 'wpsc_change_ticket_subject', $ticket, $prev, $subject, 0 );
		$ticket->date_updated = new DateTime();
		$ticket->save();
	}
}

/** @param mixed $status */
function supportcandy_is_closed( $status ): bool {
	return $status == get_option( 'wpsc-gs-general' )['close-ticket-status'] || in_array( $status, get_option( 'wpsc-tl-ms-advanced' )['closed-ticket-statuses'] );
}
