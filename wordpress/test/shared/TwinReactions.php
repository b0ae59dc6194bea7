<?php
namespace TicketMetadata\Test;

/** A plugin that listens, and changes more in the middle of a change. */
final class TwinReactions {

	private int $post;

	private bool $isReacting = false;

	public function __construct( int $post ) {
		$this->post = $post;
	}

	public function react( $row, $post, $key, $value ): void {
		if ( (int) $post !== $this->post || $this->isReacting ) {
			return;
		}
		$this->isReacting = true;
		if ( $key === 'chain' ) {
			update_post_meta( $post, 'b', $value );
		} elseif ( $key === 'look' ) {
			update_post_meta( $post, 'b', (int) TwinActs::join( $post, 'intval' ) );
		} elseif ( $key === 'cut' ) {
			delete_post_meta( $post, 'cut' );
		}
		$this->isReacting = false;
	}
}
