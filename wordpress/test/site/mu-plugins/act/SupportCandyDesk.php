<?php
namespace TicketMetadata\Test\Site;

/** SupportCandy. */
final class SupportCandyDesk extends Desk {

	/** What the plugin makes of its statuses where nobody says otherwise. */
	private const STATUSES = array(
		1 => 'open',
		2 => 'pending',
		3 => 'open',
		4 => 'closed',
	);

	private const OPEN = 1;

	private const CLOSED = 4;

	public function create( string $subject, int $customer ): int {
		$email    = get_userdata( $customer )->user_email;
		$customer = \WPSC_Customer::insert( array( 'user' => $customer, 'name' => $email, 'email' => $email ) );
		return (int) \WPSC_New_Ticket::create( array( 'subject' => $subject, 'customer' => $customer->id ) )->id;
	}

	public function assign( int $ticket, int $agent ): void {
		$ticket = $this->open( $ticket );
		\WPSC_Individual_Ticket::change_assignee( $ticket->assigned_agent, array( $this->agent( $agent ) ), 0 );
	}

	public function status( int $ticket, string $status ): void {
		$ticket = $this->open( $ticket );
		\WPSC_Individual_Ticket::change_status( $ticket->status->id, (int) $status, 0 );
	}

	public function close( int $ticket ): void {
		$this->status( $ticket, (string) self::CLOSED );
	}

	public function reopen( int $ticket ): void {
		$this->status( $ticket, (string) self::OPEN );
	}

	public function category( int $ticket, string $name ): void {
		$ticket = $this->open( $ticket );
		\WPSC_Individual_Ticket::change_category( $ticket->category->id, $this->idOf( \WPSC_Category::class, 'categories', $name ), 0 );
	}

	public function priority( int $ticket, string $name ): void {
		$ticket = $this->open( $ticket );
		\WPSC_Individual_Ticket::change_priority( $ticket->priority->id, $this->idOf( \WPSC_Priority::class, 'priorities', $name ), 0 );
	}

	public function tickets(): array {
		global $wpdb;
		$p       = "{$wpdb->prefix}psmsc_";
		$columns = "t.id, customer.user customer, t.subject, t.status, t.source, category.name category, priority.name priority, agent.user agent, t.date_created created";
		$joins   = "JOIN {$p}customers customer ON customer.id = t.customer JOIN {$p}categories category ON category.id = t.category JOIN {$p}priorities priority ON priority.id = t.priority LEFT JOIN {$p}agents agent ON agent.id = t.assigned_agent";
		$rows    = $wpdb->get_results( "SELECT $columns FROM {$p}tickets t $joins ORDER BY t.id" );
		return array_map( array( $this, 'ticket' ), $rows );
	}

	private function ticket( object $row ): array {
		return array(
			'id'          => (int) $row->id,
			'customer_id' => (int) $row->customer,
			'subject'     => $row->subject,
			'status'      => self::STATUSES[ $row->status ],
			'category'    => $row->category,
			'priority'    => $row->priority,
			'channel'     => $row->source ? $row->source : null,
			'assigned_to' => $row->agent === null ? null : (int) $row->agent,
			'created_at'  => self::seconds( $row->created ),
		);
	}

	private function open( int $ticket ): \WPSC_Ticket {
		\WPSC_Individual_Ticket::$ticket = new \WPSC_Ticket( $ticket );
		return \WPSC_Individual_Ticket::$ticket;
	}

	private function agent( int $user ): \WPSC_Agent {
		global $wpdb;
		$id = $wpdb->get_var( $wpdb->prepare( "SELECT id FROM {$wpdb->prefix}psmsc_agents WHERE user = %d", $user ) );
		return $id ? new \WPSC_Agent( $id ) : \WPSC_Agent::insert( array( 'user' => $user, 'name' => "Agent $user", 'is_active' => 1 ) );
	}

	private function idOf( string $class, string $table, string $name ): int {
		global $wpdb;
		$id = $wpdb->get_var( $wpdb->prepare( "SELECT id FROM {$wpdb->prefix}psmsc_$table WHERE name = %s", $name ) );
		return (int) ( $id ? $id : $class::insert( array( 'name' => $name ) )->id );
	}
}
