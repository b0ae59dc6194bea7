<?php
namespace TicketMetadata\Bridges;

/**
 * The values of some meta keys of posts, as this PHP request has read and written them. WordPress forgets what it has read
 * of a post whenever one of its values is written, so this looks just before.
 */
final class RequestMeta {

	/** Runs before listeners that fail or end the request. */
	private const FIRST = PHP_INT_MIN;

	/** @var string[] */
	private array $keys;

	/** @var array<int, array<int, array<string, ?array<?string>>>> by site, post and key: the values in the order of their rows; null: not known. Posts of which a value was written. */
	private array $rows = [];

	/** @param string[] $keys */
	public function __construct( array $keys ) {
		$this->keys = $keys;
	}

	public function listen(): void {
		add_action( 'add_post_meta', fn( $id = null, $key = null ) => $this->look( $id, $key ), self::FIRST, 2 );
		add_action( 'update_post_meta', fn( $row = null, $id = null, $key = null ) => $this->look( $id, $key ), self::FIRST, 3 );
		add_action( 'delete_post_meta', fn( $rows = null, $id = null, $key = null ) => $this->look( $id, $key ), self::FIRST, 3 );
		add_action( 'added_post_meta', fn( $row = null, $id = null, $key = null, $value = null ) => $this->change( $id, $key, static fn( array $values ): ?array => self::with( $values, $value ) ), self::FIRST, 4 );
		add_action( 'updated_post_meta', fn( $row = null, $id = null, $key = null, $value = null ) => $this->change( $id, $key, static fn( array $values ): ?array => count( $values ) === 1 ? self::with( [], $value ) : null ), self::FIRST, 4 );
		add_action( 'ticket_metadata_unwritten', fn( $type = null, $id = null ) => $this->forget( $type, $id ), self::FIRST, 2 );
		add_action( 'deleted_post_meta', fn( $rows = null, $id = null, $key = null ) => $this->change( $id, $key, static fn( array $values ): ?array => count( $values ) <= count( (array) $rows ) ? [] : null ), self::FIRST, 3 );
	}

	/**
	 * A write that was combined has failed after WordPress had told of it: the database has to say what it has.
	 *
	 * @param mixed $type WordPress's name for the kind of object
	 * @param mixed $id
	 */
	private function forget( $type, $id ): void {
		if ( $type === 'post' ) {
			unset( $this->rows[ get_current_blog_id() ][ HookArgument::ticketId( $id ) ] );
		}
	}

	/** A post that this PHP request inserts has no values yet, except those that it was inserted with. */
	public function isNew( int $id ): void {
		$this->rows[ get_current_blog_id() ][ $id ] = ( $this->rows[ get_current_blog_id() ][ $id ] ?? [] ) + array_fill_keys( $this->keys, [] );
	}

	/** @return array<string, string>|null the first of each key, as get_post_meta() answers it, empty for none; null: not all are known */
	public function of( int $id ): ?array {
		$rows   = $this->rows[ get_current_blog_id() ][ $id ] ?? $this->cached( $id ) ?? [];
		$values = [];
		foreach ( $this->keys as $key ) {
			if ( ! isset( $rows[ $key ] ) ) {
				return null;
			}
			$values[ $key ] = (string) ( $rows[ $key ][0] ?? '' );
		}
		return $values;
	}

	/** @param int[] $ids of posts: WordPress's persistent cache gets what it lacks of them */
	public function prime( array $ids ): void {
		foreach ( $ids as $id ) {
			unset( $this->rows[ get_current_blog_id() ][ $id ] );
		}
		update_meta_cache( 'post', $ids );
	}

	/** @return array<string, array>|null */
	private function cached( int $id ): ?array {
		$cached = wp_cache_get( $id, 'post_meta' );
		return is_array( $cached ) ? array_intersect_key( $cached, array_flip( $this->keys ) ) + array_fill_keys( $this->keys, [] ) : null;
	}

	/**
	 * Before the post, or a value of any key, is written. Posts that have nothing to do with these keys are left out.
	 *
	 * @param mixed $id
	 * @param mixed $key
	 */
	public function look( $id, $key = null ): void {
		$id = HookArgument::ticketId( $id );
		if ( $id < 1 || isset( $this->rows[ get_current_blog_id() ][ $id ] ) ) {
			return;
		}
		$cached = $this->cached( $id );
		if ( in_array( $key, $this->keys, true ) || array_filter( $cached ?? [] ) !== [] ) {
			$this->rows[ get_current_blog_id() ][ $id ] = $cached ?? [];
		}
	}

	/**
	 * @param mixed                    $id
	 * @param mixed                    $key
	 * @param callable(array): ?array $change of its values
	 */
	private function change( $id, $key, callable $change ): void {
		$id = HookArgument::ticketId( $id );
		if ( $id > 0 && in_array( $key, $this->keys, true ) ) {
			$values = $this->rows[ get_current_blog_id() ][ $id ][ $key ] ?? null;
			$this->rows[ get_current_blog_id() ][ $id ][ $key ] = $values === null ? null : $change( $values );
		}
	}

	/** @param mixed $value as WordPress was given it */
	private static function with( array $values, $value ): ?array {
		return is_scalar( $value ) || $value === null ? array_merge( $values, [ (string) $value ] ) : null;
	}
}
