<?php
use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\Rows;

/** Mirrors the tickets of Mini Desk, a help desk with one table. */
final class MiniDeskBridge implements Bridge {

	public function slug(): string {
		return 'mini-desk';
	}

	public function name(): string {
		return 'Mini Desk';
	}

	public function isActive(): bool {
		return function_exists( 'mini_desk_ask' );
	}

	public function listen( callable $mark ): void {
		add_action( 'mini_desk_asked', fn( $id ) => $mark( (int) $id, true ) );
		add_action( 'mini_desk_changed', fn( $id ) => $mark( (int) $id ) );
	}

	public function snapshots( array $ids ): array {
		$snapshots = [];
		foreach ( Rows::of( "SELECT * FROM {$this->table()} WHERE id IN (" . Rows::list( $ids ) . ')' ) as $row ) {
			$snapshots[ (int) $row->id ] = [
				'customer_id'   => (int) $row->user_id ?: null,
				'subject'       => $row->title,
				'status'        => $row->is_done ? 'done' : 'waiting',
				'category'      => $row->topic,
				'priority'      => null,
				'channel'       => 'web',
				'assigned_to'   => (int) $row->agent_id ?: null,
				'created_at'    => (int) $row->asked_at,
				'custom_fields' => [],
			];
		}
		return $snapshots;
	}

	public function statuses(): array {
		return [
			'waiting' => [ 'label' => 'Waiting', 'default' => 'open' ],
			'done'    => [ 'label' => 'Done', 'default' => 'closed' ],
		];
	}

	public function ids( int $after, int $limit ): array {
		return Rows::ids( "SELECT id FROM {$this->table()} WHERE id > $after ORDER BY id LIMIT $limit" );
	}

	public function count(): int {
		return Rows::ids( "SELECT COUNT(*) FROM {$this->table()}" )[0];
	}

	public function idsOfPerson( string $email, int $after, int $limit ): array {
		$user = get_user_by( 'email', $email )->ID ?? 0;
		return Rows::ids( "SELECT id FROM {$this->table()} WHERE user_id = $user AND id > $after ORDER BY id LIMIT $limit" );
	}

	private function table(): string {
		return $GLOBALS['wpdb']->prefix . 'mini_desk_tickets';
	}
}
