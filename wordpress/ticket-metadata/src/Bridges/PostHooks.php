<?php
namespace TicketMetadata\Bridges;

/**
 * WordPress's own hooks that report changes to tickets which are posts. A help desk's hooks miss edits on WordPress's edit
 * screen and writes of add-ons that bypass its functions; these hooks see them.
 *
 * Arguments have no types and may be missing, because other plugins fire these hooks too.
 */
abstract class PostHooks {

	/** Runs before listeners that fail or end the request with a redirect. */
	protected const FIRST = PHP_INT_MIN;

	/** The post type of tickets. */
	protected const POST_TYPE = '';

	/** The former statuses of a post that say that it is new. */
	protected const FORMER_OF_NEW = [ 'auto-draft' ];

	/** The meta keys that a snapshot contains. */
	protected const META_KEYS = [];

	/** The meta key with which a post becomes a ticket. */
	protected const FIRST_META_KEY = '';

	/** The taxonomies that a snapshot contains. */
	protected const TAXONOMIES = [];

	/** @var callable(int, bool=): void */
	private $mark;

	public function __construct( callable $mark ) {
		$this->mark = $mark;
	}

	public function add(): void {
		add_action( 'save_post_' . static::POST_TYPE, [ $this, 'saved' ], self::FIRST, 3 );
		add_action( 'transition_post_status', [ $this, 'moved' ], self::FIRST, 3 );
		add_action( 'added_post_meta', [ $this, 'metaAdded' ], self::FIRST, 3 );
		add_action( 'updated_post_meta', [ $this, 'metaChanged' ], self::FIRST, 3 );
		add_action( 'deleted_post_meta', [ $this, 'metaChanged' ], self::FIRST, 3 );
		add_action( 'set_object_terms', [ $this, 'termsSet' ], self::FIRST, 4 );
		add_action( 'deleted_term_relationships', [ $this, 'termsRemoved' ], self::FIRST, 3 );
		add_action( 'edited_term', [ $this, 'termEdited' ], self::FIRST, 3 );
		add_action( 'trashed_post', [ $this, 'trashed' ], self::FIRST );
		add_action( 'untrashed_post', [ $this, 'trashed' ], self::FIRST );
		add_action( 'deleted_post', [ $this, 'deleted' ], self::FIRST, 2 );
	}

	public function opened( $ticket = null ): void {
		$this->mark( $ticket, true );
	}

	public function changed( $ticket = null ): void {
		$this->mark( $ticket );
	}

	public function saved( $id = null, $post = null, $isUpdate = true ): void {
		if ( static::isTicket( $post ) ) {
			$this->mark( $id, ! $isUpdate );
		}
	}

	public function moved( $new = null, $old = null, $post = null ): void {
		if ( static::isTicket( $post ) ) {
			$this->mark( $post->ID, in_array( $old, static::FORMER_OF_NEW, true ) );
		}
	}

	public function metaAdded( $row = null, $id = null, $key = null ): void {
		$this->markMeta( $id, $key, $key === static::FIRST_META_KEY );
	}

	public function metaChanged( $row = null, $id = null, $key = null ): void {
		$this->markMeta( $id, $key, false );
	}

	public function termsSet( $id = null, $terms = null, $rows = null, $taxonomy = null ): void {
		$this->termsRemoved( $id, $rows, $taxonomy );
	}

	public function termsRemoved( $id = null, $rows = null, $taxonomy = null ): void {
		if ( in_array( $taxonomy, static::TAXONOMIES, true ) ) {
			$this->markPost( $id );
		}
	}

	public function trashed( $id = null ): void {
		$this->markPost( $id );
	}

	/** The meta is gone by now, so what only the meta says cannot count. */
	public function deleted( $id = null, $post = null ): void {
		if ( self::isOfType( $post ) ) {
			$this->mark( $id );
		}
	}

	/** A renamed term changes every ticket that has it. */
	public function termEdited( $term = null, $row = null, $taxonomy = null ): void {
		global $wpdb;
		if ( in_array( $taxonomy, static::TAXONOMIES, true ) ) {
			$query = "SELECT p.ID FROM $wpdb->term_relationships r JOIN $wpdb->posts p ON p.ID = r.object_id AND p.post_type = %s WHERE r.term_taxonomy_id = %d AND p.ID > %d ORDER BY p.ID LIMIT %d";
			$this->markFound( static fn( int $after, int $limit ): string => $wpdb->prepare( $query, static::POST_TYPE, HookArgument::ticketId( $row ), $after, $limit ) );
		}
	}

	/** @param callable(int, int): string $query gets the id after which to continue and the maximum number */
	protected function markFound( callable $query ): void {
		Found::mark( static fn( int $after, int $limit ): array => Rows::ids( $query( $after, $limit ) ), $this->mark );
	}

	protected function mark( $ticket, bool $isNew = false ): void {
		$id = HookArgument::ticketId( $ticket );
		if ( $id > 0 ) {
			( $this->mark )( $id, $isNew );
		}
	}

	protected static function post( $id ): ?\WP_Post {
		$number = HookArgument::ticketId( $id );
		// For 0, get_post() returns the post of the current page.
		return $number > 0 ? get_post( $number ) : null;
	}

	protected static function isTicket( $post ): bool {
		return self::isOfType( $post );
	}

	/** WordPress creates an automatic draft whenever somebody opens the form for a new ticket. */
	private static function isOfType( $post ): bool {
		return $post instanceof \WP_Post && $post->post_type === static::POST_TYPE && $post->post_status !== 'auto-draft';
	}

	private function markMeta( $id, $key, bool $isNew ): void {
		if ( in_array( $key, static::META_KEYS, true ) ) {
			$this->markPost( $id, $isNew );
		}
	}

	private function markPost( $id, bool $isNew = false ): void {
		if ( static::isTicket( self::post( $id ) ) ) {
			$this->mark( $id, $isNew );
		}
	}
}
