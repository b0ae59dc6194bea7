<?php
namespace TicketMetadata\Bridges;

/**
 * Posts of one type with some of their meta and terms, as this PHP request knows them: from WordPress's cache, and from the
 * hooks of what was written, because WordPress drops a post's meta and terms from its cache when one of them is written. A
 * bridge to a help desk whose tickets are posts uses it for RemembersTickets.
 */
final class RequestPosts {

	/** Runs before listeners that fail or end the request. */
	private const FIRST = PHP_INT_MIN;

	/** Posts per query. */
	private const POSTS_MAX = 500;

	private string $type;

	private RequestMeta $meta;

	private RequestTerms $terms;

	/** @var array<int, array<int, true>> by site and post */
	private array $deleted = [];

	/**
	 * @param string[] $metaKeys
	 * @param string[] $taxonomies
	 */
	public function __construct( string $type, array $metaKeys, array $taxonomies ) {
		$this->type  = $type;
		$this->meta  = new RequestMeta( $metaKeys );
		$this->terms = new RequestTerms( $taxonomies );
	}

	public function listen(): void {
		$this->meta->listen();
		$this->terms->listen();
		add_action( "save_post_$this->type", [ $this, 'saved' ], self::FIRST, 3 );
		add_action( 'pre_post_update', [ $this, 'look' ], self::FIRST );
		add_action( 'deleted_post', [ $this, 'deleted' ], self::FIRST );
	}

	public function saved( $id = null, $post = null, $isUpdate = true ): void {
		if ( ! $isUpdate && HookArgument::ticketId( $id ) > 0 ) {
			$this->meta->isNew( HookArgument::ticketId( $id ) );
			$this->terms->isNew( HookArgument::ticketId( $id ) );
		}
	}

	/** Before a post's row is written: then WordPress drops all that it has read of the post. */
	public function look( $id = null ): void {
		$id = HookArgument::ticketId( $id );
		if ( $id > 0 ) {
			$this->meta->look( $id );
			$this->terms->look( $id );
		}
	}

	public function deleted( $id = null ): void {
		$this->deleted[ get_current_blog_id() ][ HookArgument::ticketId( $id ) ] = true;
	}

	/**
	 * @param int[] $ids
	 * @return array<int, ?array{object, array<string, string>, array<string, ?string>}> by id: the post's row, meta by key and
	 *   names of terms by taxonomy; null: it was deleted. Posts of which something is not known are left out.
	 */
	public function known( array $ids ): array {
		$known = array_filter( array_combine( $ids, array_map( [ $this, 'one' ], $ids ) ) );
		$rest  = array_diff( $ids, array_keys( $known ) );
		// With a persistent cache, later requests need not ask the database again.
		if ( wp_using_ext_object_cache() ) {
			foreach ( array_chunk( $rest, self::POSTS_MAX ) as $some ) {
				$this->prime( $some );
				$known += array_filter( array_combine( $some, array_map( [ $this, 'one' ], $some ) ) );
			}
		}
		return array_map( static fn( array $one ): ?array => $one === [ null ] ? null : $one, $known );
	}

	/** @param int[] $ids */
	private function prime( array $ids ): void {
		_prime_post_caches( $ids, false, false );
		$lacking = fn( object $of ): array => array_values( array_filter( $ids, static fn( int $id ): bool => $of->of( $id ) === null ) );
		foreach ( [ $this->meta, $this->terms ] as $part ) {
			if ( $lacking( $part ) !== [] ) {
				$part->prime( $lacking( $part ) );
			}
		}
	}

	/** @return array|null null: not known; [ null ]: deleted */
	private function one( int $id ): ?array {
		if ( isset( $this->deleted[ get_current_blog_id() ][ $id ] ) ) {
			return [ null ];
		}
		$post  = wp_cache_get( $id, 'posts' );
		$meta  = $this->meta->of( $id );
		$terms = $this->terms->of( $id );
		return is_object( $post ) && $post->post_type === $this->type && $meta !== null && $terms !== null ? [ $post, $meta, $terms ] : null;
	}
}
