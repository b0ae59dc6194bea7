<?php
namespace TicketMetadata\Test\Site;

/** Awesome Support. */
final class AwesomeSupportDesk extends Desk {

	/** What the plugin makes of its statuses where nobody says otherwise. */
	private const STATUSES = array(
		'queued'     => 'open',
		'processing' => 'open',
		'hold'       => 'on-hold',
	);

	public function create( string $subject, int $customer ): int {
		$id = wpas_insert_ticket(
			array(
				'post_title'   => $subject,
				'post_content' => 'It does not work.',
				'post_author'  => $customer,
			)
		);
		return (int) $id;
	}

	public function assign( int $ticket, int $agent ): void {
		wpas_assign_ticket( $ticket, $agent );
	}

	public function status( int $ticket, string $status ): void {
		wpas_update_ticket_status( $ticket, $status );
	}

	public function close( int $ticket ): void {
		wpas_close_ticket( $ticket, 1, true );
	}

	public function reopen( int $ticket ): void {
		wpas_reopen_ticket( $ticket );
	}

	public function category( int $ticket, string $name ): void {
		wp_set_object_terms( $ticket, $name, 'department' );
	}

	public function priority( int $ticket, string $name ): void {
		wp_set_object_terms( $ticket, $name, 'ticket_priority' );
	}

	public function tickets(): array {
		$posts = get_posts(
			array(
				'post_type'      => 'ticket',
				'post_status'    => array_keys( self::STATUSES ),
				'posts_per_page' => -1,
				'orderby'        => 'ID',
				'order'          => 'ASC',
			)
		);
		return array_map( array( $this, 'ticket' ), $posts );
	}

	private function ticket( \WP_Post $post ): array {
		$isClosed = get_post_meta( $post->ID, '_wpas_status', true ) === 'closed';
		$agent    = (int) get_post_meta( $post->ID, '_wpas_assignee', true );
		return array(
			'id'          => $post->ID,
			'customer_id' => (int) $post->post_author,
			'subject'     => $post->post_title,
			'status'      => $isClosed ? 'closed' : self::STATUSES[ $post->post_status ],
			'category'    => $this->term( $post, 'department' ),
			'priority'    => $this->term( $post, 'ticket_priority' ),
			'channel'     => $this->term( $post, 'ticket_channel' ),
			'assigned_to' => $agent > 0 ? $agent : null,
			'created_at'  => self::seconds( $post->post_date_gmt ),
		);
	}

	private function term( \WP_Post $post, string $taxonomy ): ?string {
		$terms = get_the_terms( $post, $taxonomy );
		return is_array( $terms ) ? $terms[0]->name : null;
	}
}
