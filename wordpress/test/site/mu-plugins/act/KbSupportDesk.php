<?php
namespace TicketMetadata\Test\Site;

/** KB Support. */
final class KbSupportDesk extends Desk {

	/** What the plugin makes of its statuses where nobody says otherwise. */
	private const STATUSES = array(
		'new'    => 'open',
		'open'   => 'open',
		'hold'   => 'on-hold',
		'closed' => 'closed',
	);

	/** Where the service's ids of guests begin, on a site that is alone. */
	private const GUESTS = 1000000000000;

	public function create( string $subject, int $customer ): int {
		$data = array(
			'post_title'   => $subject,
			'post_content' => 'It does not work.',
			'user_email'   => get_userdata( $customer )->user_email,
			'user_info'    => array( 'id' => $customer ),
		);
		return (int) kbs_add_ticket( $data );
	}

	public function assign( int $ticket, int $agent ): void {
		kbs_assign_agent( $ticket, $agent );
	}

	public function status( int $ticket, string $status ): void {
		kbs_set_ticket_status( $ticket, $status );
	}

	public function close( int $ticket ): void {
		kbs_set_ticket_status( $ticket, 'closed' );
	}

	public function reopen( int $ticket ): void {
		kbs_set_ticket_status( $ticket, 'open' );
	}

	public function category( int $ticket, string $name ): void {
		wp_set_object_terms( $ticket, $name, 'ticket_category' );
	}

	/** It has none. So somebody writes how urgent it is. */
	public function priority( int $ticket, string $name ): void {
		kbs_insert_note( $ticket, $name );
	}

	public function tickets(): array {
		$posts = get_posts(
			array(
				'post_type'      => 'kbs_ticket',
				'post_status'    => array_keys( self::STATUSES ),
				'posts_per_page' => -1,
				'orderby'        => 'ID',
				'order'          => 'ASC',
			)
		);
		return array_map( array( $this, 'ticket' ), $posts );
	}

	private function ticket( \WP_Post $post ): array {
		$customer = new \KBS_Customer( (int) get_post_meta( $post->ID, '_kbs_ticket_customer_id', true ) );
		$agent    = (int) get_post_meta( $post->ID, '_kbs_ticket_agent_id', true );
		return array(
			'id'          => $post->ID,
			'customer_id' => $customer->user_id > 0 ? $customer->user_id : self::GUESTS + $customer->id,
			'subject'     => $post->post_title,
			'status'      => self::STATUSES[ $post->post_status ],
			'category'    => $this->term( $post, 'ticket_category' ),
			'priority'    => null,
			'channel'     => $this->term( $post, 'ticket_source' ),
			'assigned_to' => $agent > 0 ? $agent : null,
			'created_at'  => self::seconds( $post->post_date_gmt ),
		);
	}

	private function term( \WP_Post $post, string $taxonomy ): ?string {
		$terms = get_the_terms( $post, $taxonomy );
		return is_array( $terms ) ? $terms[0]->name : null;
	}
}
