<?php
namespace TicketMetadata\Combining;

/** The posts that this PHP request has inserted: the database has no meta of them, so that nobody needs to look. */
final class InsertedPosts {

	private bool $isExpected = false;

	/** The INSERT that is on its way, or whose id nobody has looked at yet. */
	private string $query = '';

	/** @var array<int, true> as keys */
	private array $ids = [];

	/** Called when WordPress is about to insert a post of ours under an id that the database gives. */
	public function expect(): void {
		$this->isExpected = true;
	}

	public function noteQuery( string $query ): void {
		$this->look();
		if ( $this->isExpected && stripos( $query, "INSERT INTO `{$GLOBALS['wpdb']->posts}`" ) === 0 ) {
			$this->isExpected = false;
			$this->query      = $query;
		}
	}

	public function has( int $id ): bool {
		$this->look();
		return isset( $this->ids[ $id ] );
	}

	public function forget( int $id ): void {
		unset( $this->ids[ $id ] );
	}

	public function forgetAll(): void {
		$this->ids = [];
	}

	private function look(): void {
		global $wpdb;
		if ( $this->query !== '' && $wpdb->last_query === $this->query && $wpdb->last_error === '' && $wpdb->insert_id > 0 ) {
			$this->ids[ (int) $wpdb->insert_id ] = true;
		}
		$this->query = '';
	}
}
