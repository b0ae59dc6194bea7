<?php
namespace TicketMetadata\Test\Site;

/** What a test asks for, one after another. */
final class Steps {

	/** @var array[] */
	private array $steps;

	/** @var int[] */
	private array $created = array();

	/** @param array[] $steps */
	public function __construct( array $steps ) {
		$this->steps = $steps;
	}

	public static function ofRequest(): self {
		return new self( json_decode( file_get_contents( 'php://input' ), true, 512, JSON_THROW_ON_ERROR )['steps'] );
	}

	public function perform(): void {
		// Someone who may do all that a help desk knows.
		wp_set_current_user( 1 );
		foreach ( $this->steps as $step ) {
			$this->one( $step['do'], $step );
		}
	}

	private function one( string $what, array $step ): void {
		$ends = Ends::all();
		if ( isset( $ends[ $what ] ) ) {
			$ends[ $what ]();
		} elseif ( $what === 'create' ) {
			$this->created[] = Desk::named( $step['desk'] )->create( $step['subject'], $step['customer'] );
			header( 'X-Created: ' . implode( ',', $this->created ) );
		} elseif ( $what === 'meet' ) {
			Meeting::join( $step['name'], $step['count'] );
		} elseif ( $what === 'begin-session' ) {
			session_id( $step['name'] );
			session_start();
		} elseif ( $what === 'say-much' ) {
			// So much that PHP sees whether anybody takes it.
			for ( $part = 1; $part <= 50; $part++ ) {
				echo str_repeat( '<p>And so on.</p>', 5000 );
				flush();
			}
		} elseif ( $what === 'go-to-site' ) {
			switch_to_blog( $step['site'] );
		} elseif ( $what === 'come-back' ) {
			restore_current_blog();
		} elseif ( $what === 'use-service' ) {
			update_option( 'ticket_metadata', array( 'url' => $step['url'], 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ) );
			if ( is_multisite() ) {
				\TicketMetadata\Approvals::set( get_current_blog_id(), 'url', $step['url'] );
			}
		} elseif ( $what === 'defer' ) {
			ticket_metadata_defer( $step['ticket'], $step['fields'] );
		} else {
			// Without a ticket: the one that was created last.
			$arguments = array( $step['ticket'] ?? end( $this->created ) );
			if ( isset( $step['value'] ) ) {
				$arguments[] = $step['value'];
			}
			Desk::named( $step['desk'] )->$what( ...$arguments );
		}
	}
}
