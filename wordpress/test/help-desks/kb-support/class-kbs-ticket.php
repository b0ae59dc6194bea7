<?php

/**
 * A ticket. What is set waits until save(), which writes one field after another.
 */
final class KBS_Ticket {

	/** The meta of the fields that are nothing more. */
	private const META_KEYS = [
		'customer_id'  => '_kbs_ticket_customer_id',
		'user_id'      => '_kbs_ticket_user_id',
		'email'        => '_kbs_ticket_user_email',
		'ip'           => '_kbs_ticket_user_ip',
		'key'          => '_kbs_ticket_key',
		'flagged'      => '_kbs_ticket_flagged',
		'participants' => '_kbs_ticket_participants',
		'sla_respond'  => '_kbs_ticket_sla_target_respond',
	];

	private const DEFAULTS = [ 'ID' => 0, 'status' => 'new', 'post_status' => '', 'title' => '', 'content' => '', 'agent_id' => '', 'agents' => [], 'customer_id' => '', 'user_id' => '', 'email' => '', 'key' => '', 'source' => 'kbs-website' ];

	private array $data = self::DEFAULTS;

	/** @var array<string, mixed> what save() has to write */
	private array $pending    = [];
	private string $oldStatus = '';

	public function __construct( $id = 0 ) {
		$this->read( (int) $id );
	}

	public function __get( string $name ) {
		return $this->data[ $name ] ?? null;
	}

	public function __isset( string $name ): bool {
		return ! empty( $this->data[ $name ] );
	}

	public function __set( string $name, $value ): void {
		if ( $name === 'status' ) {
			$this->oldStatus = $this->data['status'];
		}
		$this->data[ $name ]    = $value;
		$this->pending[ $name ] = $value;
	}

	private function read( int $id ): void {
		$post = $id > 0 ? get_post( $id ) : null;
		if ( ! $post || $post->post_type !== 'kbs_ticket' ) {
			return;
		}
		$this->pending = [];
		$this->data    = array_merge( $this->data, [ 'ID' => $id, 'status' => $post->post_status, 'post_status' => $post->post_status, 'title' => $post->post_title ] );
		foreach ( self::META_KEYS + [ 'agent_id' => '_kbs_ticket_agent_id', 'agents' => '_kbs_ticket_agents' ] as $name => $key ) {
			$this->data[ $name ] = get_post_meta( $id, $key, true );
		}
		$terms                = get_the_terms( $id, 'ticket_source' );
		$this->data['source'] = is_array( $terms ) ? $terms[0]->slug : 'kbs-website';
	}

	/** The post first, then its customer, then all that is pending, in the order in which it was set. */
	private function insert(): void {
		$this->__set( 'ip', '192.0.2.7' );
		$this->__set( 'key', md5( uniqid( 'kbs', true ) ) );
		$this->data['ID'] = (int) wp_insert_post( [ 'post_type' => 'kbs_ticket', 'post_status' => $this->status, 'post_title' => $this->title ?: 'New Ticket', 'post_content' => $this->content ] );
		if ( $this->ID === 0 ) {
			return;
		}
		$customer = new KBS_Customer( $this->email );
		if ( $customer->id === 0 ) {
			$user = get_user_by( 'email', $this->email );
			$customer->create( [ 'email' => $this->email, 'name' => 'A customer', 'user_id' => $this->user_id ?: ( $user ? $user->ID : $this->user_id ) ] );
		}
		$this->__set( 'customer_id', $customer->id );
		$customer->attach_ticket( $this->ID );
		$this->update_meta( '_kbs_ticket_version_created', KBS_VERSION );
		$this->update_meta( '_kbs_pending_ticket_created_email', true );
		// It is written even where nobody set it.
		$this->pending['source'] = $this->source;
	}

	public function save(): bool {
		$isNew = in_array( get_post_status( $this->ID ), [ 'auto-draft', 'draft' ], true );
		if ( $this->ID === 0 ) {
			$this->insert();
			kbs_log( $this->ID, 'submit', [ 'form_id' => 0 ] );
		}
		if ( $this->pending === [] || $this->ID === 0 ) {
			return false;
		}
		foreach ( $this->pending as $name => $value ) {
			$this->write( $name, $value );
		}
		( new KBS_Customer( (int) $this->customer_id ) )->increase_ticket_count();
		$this->update_meta( '_ticket_data', [ 'agent_id' => $this->agent_id, 'agents' => $this->agents, 'user_info' => [ 'email' => $this->email ] ] );
		$this->pending = [];
		$this->read( $this->ID );
		do_action( 'kbs_ticket_saved', $this->ID, $this, $isNew );
		return true;
	}

	private function write( string $name, $value ): void {
		if ( $name === 'agent_id' ) {
			$this->write_agent( $value === '-1' ? 0 : $value );
		} elseif ( $name === 'agents' ) {
			$this->update_meta( '_kbs_ticket_agents', array_diff( (array) $value, [ $this->agent_id ] ) );
			kbs_log( $this->ID, 'assign', [ 'new_agents' => 1 ] );
		} elseif ( $name === 'status' ) {
			$this->update_status( $value );
		} elseif ( $name === 'source' ) {
			wp_set_object_terms( $this->ID, $value, 'ticket_source' );
		} elseif ( $name === 'department' ) {
			wp_set_object_terms( $this->ID, (int) $value, 'department' );
		} elseif ( $name === 'ticket_category' ) {
			wp_set_object_terms( $this->ID, array_map( 'intval', (array) $value ), 'ticket_category' );
		} elseif ( $name === 'title' || $name === 'content' ) {
			wp_update_post( [ 'ID' => $this->ID, "post_$name" => $value ] );
		} elseif ( isset( self::META_KEYS[ $name ] ) ) {
			$this->update_meta( self::META_KEYS[ $name ], $value );
		}
		if ( $name === 'customer_id' ) {
			add_post_meta( $this->ID, '_kbs_ticket_created_by', $value, true );
		}
	}

	/** The former agent comes from meta, and a ticket that is new is opened by the hook that tells of the new one. */
	private function write_agent( $agent ): void {
		$this->data['agent_id'] = $agent;
		$current                = get_post_meta( $this->ID, '_kbs_ticket_agent_id', true );
		do_action( 'kbs_pre_assign_agent', $this->ID, $agent, $current );
		do_action( 'kbs_assign_agent', $this->ID, $agent, $current );
		do_action( "kbs_assign_agent_$agent", $this->ID, $current );
		if ( $this->update_meta( '_kbs_ticket_agent_id', $agent ) ) {
			do_action( 'kbs_post_assign_agent', $this->ID, $agent, $current );
			do_action( 'kbs_assigned_agent', $this->ID, $agent, $current );
			do_action( "kbs_assign_agent_$agent", $this->ID, $current );
			kbs_log( $this->ID, 'assign', [ 'previous_agent' => $current, 'new_agent' => $agent ] );
		}
	}

	/** The comparison is with the status before the last __set(), which is none where nobody set it. */
	public function update_status( string $status ) {
		if ( $this->oldStatus === $status ) {
			return false;
		}
		$updated = false;
		if ( apply_filters( 'kbs_should_update_ticket_status', true, $this->ID, $status, $this->oldStatus, $this ) ) {
			do_action( 'kbs_before_ticket_status_change', $this->ID, $status, $this->oldStatus, $this );
			$updated = wp_update_post( [ 'ID' => $this->ID, 'post_status' => $status, 'edit_date' => current_time( 'mysql' ) ] );
			if ( $status === 'closed' ) {
				add_post_meta( $this->ID, '_kbs_ticket_closed_date', current_time( 'mysql' ), true );
				delete_post_meta( $this->ID, '_kbs_ticket_last_reply_by' );
			}
			do_action( [ 'open' => 'kbs_open_ticket', 'hold' => 'kbs_hold_ticket', 'closed' => 'kbs_close_ticket' ][ $status ] ?? "kbs_ticket_status_$status", $this->ID, $this );
			update_post_meta( $this->ID, '_kbs_ticket_last_status_change', current_time( 'timestamp' ) );
		}
		do_action( 'kbs_update_ticket_status', $this->ID, $status, $this->oldStatus ?: false, $this );
		return $updated;
	}

	/** Nothing is stored for an empty value. */
	public function update_meta( string $key, $value ) {
		do_action( 'kbs_update_ticket_meta_key', $key, $value, get_post_meta( $this->ID, $key, true ), $this->ID );
		return empty( $value ) ? delete_post_meta( $this->ID, $key ) : update_post_meta( $this->ID, $key, $value, get_post_meta( $this->ID, $key, true ) );
	}

	/**
	 * Replying to a closed ticket opens it. The ticket's row is written in any case.
	 *
	 * @param array $reply response, ticket_id, author, status (the agent's choice), close
	 */
	public function add_reply( array $reply ) {
		$status  = $reply['status'] ?? $this->post_status;
		$isClose = ! empty( $reply['close'] ) || ( $status === 'closed' && $this->post_status !== 'closed' );
		do_action( 'kbs_pre_reply_to_ticket', $reply, $this );
		$id = wp_insert_post( [ 'post_type' => 'kbs_ticket_reply', 'post_status' => 'publish', 'post_content' => $reply['response'], 'post_parent' => $reply['ticket_id'], 'post_author' => $reply['author'] ?? 0, 'meta_input' => [ '_kbs_reply_customer_id' => $reply['customer_id'] ?? '' ] ] );
		if ( ! $id ) {
			return false;
		}
		wp_set_object_terms( $id, $reply['source'] ?? 'kbs-website', 'ticket_source' );
		if ( $isClose ) {
			$this->update_status( 'closed' );
			$this->update_meta( '_kbs_resolution_id', $id );
		} else {
			$update = [ 'ID' => $reply['ticket_id'] ];
			if ( $this->post_status === 'closed' ) {
				$update['post_status'] = apply_filters( 'kbs_set_ticket_status_when_reopened', 'open', $this->ID );
			} elseif ( $status !== $this->post_status ) {
				$update['post_status'] = $status;
			}
			wp_update_post( apply_filters( 'kbs_add_ticket_update_args', $update, $this->post_status, $this->ID ) );
			$this->update_meta( '_kbs_ticket_last_reply_by', kbs_is_agent( $reply['author'] ?? 0 ) ? 2 : 3 );
		}
		do_action( 'kbs_reply_to_ticket', $this->ID, $id, $reply, $this );
		return $id;
	}
}
