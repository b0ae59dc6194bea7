<?php

/** A customer: a row of a table, with or without an account. */
final class KBS_Customer {

	public int $id = 0;
	public int $user_id = 0;
	public string $email = '';
	public string $ticket_ids = '';
	public int $ticket_count = 0;

	/** @param int|string $who id or address */
	public function __construct( $who = 0 ) {
		global $wpdb;
		if ( is_string( $who ) && $who !== '' ) {
			$this->read( $wpdb->prepare( "email = %s OR id IN (SELECT kbs_customer_id FROM {$wpdb->prefix}kbs_customermeta WHERE meta_key = 'additional_email' AND meta_value = %s)", $who, $who ) );
		} elseif ( (int) $who > 0 ) {
			$this->read( 'id = ' . (int) $who );
		}
	}

	private function read( string $condition ): void {
		global $wpdb;
		$row = $wpdb->get_row( "SELECT * FROM {$wpdb->prefix}kbs_customers WHERE $condition LIMIT 1", ARRAY_A );
		foreach ( [ 'id', 'user_id', 'email', 'ticket_ids', 'ticket_count' ] as $name ) {
			if ( $row ) {
				$this->$name = $name === 'email' || $name === 'ticket_ids' ? $row[ $name ] : (int) $row[ $name ];
			}
		}
	}

	public function create( array $data ) {
		global $wpdb;
		do_action( 'kbs_customer_pre_create', $data );
		$data += [ 'user_id' => 0, 'name' => '', 'company_id' => 0, 'ticket_ids' => '', 'ticket_count' => 0, 'notes' => '', 'date_created' => gmdate( 'Y-m-d H:i:s' ) ];
		do_action( 'kbs_pre_insert_customer', $data );
		$wpdb->insert( "{$wpdb->prefix}kbs_customers", $data, array_map( static fn( string $name ): string => in_array( $name, [ 'user_id', 'company_id', 'ticket_count' ], true ) ? '%d' : '%s', array_keys( $data ) ) );
		do_action( 'kbs_post_insert_customer', $wpdb->insert_id, $data );
		$this->read( 'id = ' . (int) $wpdb->insert_id );
		do_action( 'kbs_customer_post_create', $this->id, $data );
		return $this->id;
	}

	public function update( array $data ): bool {
		global $wpdb;
		do_action( 'kbs_customer_pre_update', $this->id, $data );
		$updated = false;
		if ( $this->id > 0 && $wpdb->update( "{$wpdb->prefix}kbs_customers", $data, [ 'id' => $this->id ] ) !== false ) {
			$this->read( "id = $this->id" );
			$updated = true;
		}
		do_action( 'kbs_customer_post_update', $updated, $this->id, $data );
		return $updated;
	}

	public function add_email( string $email ): void {
		global $wpdb;
		do_action( 'kbs_customer_pre_add_email', $email, $this->id, $this );
		$wpdb->insert( "{$wpdb->prefix}kbs_customermeta", [ 'kbs_customer_id' => $this->id, 'meta_key' => 'additional_email', 'meta_value' => $email ] );
		do_action( 'kbs_customer_post_add_email', $email, $this->id, $this );
	}

	/** Tickets that an agent opens are never attached, so the list is not complete. */
	public function attach_ticket( int $ticket_id ): void {
		do_action( 'kbs_customer_pre_attach_ticket', $ticket_id, $this->id );
		$added = $this->update( [ 'ticket_ids' => ltrim( "$this->ticket_ids,$ticket_id", ',' ) ] );
		$this->increase_ticket_count();
		do_action( 'kbs_customer_post_attach_ticket', $added, $ticket_id, $this->id );
	}

	/** With each save of a ticket, although it is no new one. */
	public function increase_ticket_count(): void {
		do_action( 'kbs_customer_pre_increase_ticket_count', 1, $this->id );
		$this->update( [ 'ticket_count' => $this->ticket_count + 1 ] );
		do_action( 'kbs_customer_post_increase_ticket_count', $this->ticket_count, 1, $this->id );
	}
}
