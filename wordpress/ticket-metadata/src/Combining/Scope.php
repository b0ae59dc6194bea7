<?php
namespace TicketMetadata\Combining;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\CombinesWrites;

/** What is combined: the posts of the active help desks, and the counters of their agents. */
final class Scope {

	/** @var array<string, int> as keys */
	private array $postTypes;

	/** @var array<string, int> as keys, without the prefix of the site */
	private array $counters;

	/**
	 * @param string[] $postTypes
	 * @param string[] $counters
	 */
	public function __construct( array $postTypes, array $counters ) {
		$this->postTypes = array_flip( $postTypes );
		$this->counters  = array_flip( $counters );
	}

	/** @param Bridge[] $bridges */
	public static function of( array $bridges ): self {
		$postTypes = [];
		$counters  = [];
		foreach ( $bridges as $bridge ) {
			if ( $bridge instanceof CombinesWrites ) {
				array_push( $postTypes, ...$bridge->postTypes() );
				array_push( $counters, ...$bridge->agentCounters() );
			}
		}
		return new self( $postTypes, $counters );
	}

	public function isEmpty(): bool {
		return $this->postTypes === [];
	}

	public function hasPostType( string $type ): bool {
		return isset( $this->postTypes[ $type ] );
	}

	/** Whether only such posts have terms of a taxonomy. */
	public function hasTaxonomyOf( array $objectTypes ): bool {
		return $objectTypes !== [] && array_diff( $objectTypes, array_keys( $this->postTypes ) ) === [];
	}

	/** Whether a row of meta is combined. */
	public function hasMeta( string $type, int $object, string $key ): bool {
		if ( $type === 'user' ) {
			$prefix = $GLOBALS['wpdb']->get_blog_prefix();
			return strncmp( $key, $prefix, strlen( $prefix ) ) === 0 && isset( $this->counters[ substr( $key, strlen( $prefix ) ) ] );
		}
		// WordPress has asked for the type of the post already, so that this is no query.
		return $this->hasPostType( (string) get_post_type( $object ) );
	}
}
