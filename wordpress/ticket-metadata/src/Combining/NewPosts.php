<?php
namespace TicketMetadata\Combining;

/**
 * WordPress inserts a post and then updates it, because its guid, and its slug if it has no title, contain the id that
 * the database gives. Both are given to the INSERT here, so that no UPDATE follows. They contain a UUID instead.
 */
final class NewPosts {

	/** WordPress gives such a post no slug. */
	private const WITHOUT_SLUG = [ 'draft', 'pending', 'auto-draft' ];

	private Scope $scope;

	private InsertedPosts $inserted;

	public function __construct( Scope $scope, InsertedPosts $inserted ) {
		$this->scope    = $scope;
		$this->inserted = $inserted;
	}

	public function listen(): void {
		// Last, so that what another plugin has given stays.
		add_filter( 'wp_insert_post_data', [ $this, 'complete' ], PHP_INT_MAX, 4 );
	}

	/**
	 * @param mixed $data slashed, as the filter has it
	 * @return mixed
	 */
	public function complete( $data, $post = [], $unsanitized = [], $isUpdate = true ) {
		if ( $isUpdate || ! is_array( $data ) || Combining::writesAtOnce() || ! $this->scope->hasPostType( (string) ( $data['post_type'] ?? '' ) ) ) {
			return $data;
		}
		if ( empty( $post['import_id'] ) ) {
			$this->inserted->expect();
		}
		$uuid = wp_generate_uuid4();
		if ( ( $data['guid'] ?? null ) === '' ) {
			$data['guid'] = wp_slash( home_url( '/?' . build_query( [ 'post_type' => $data['post_type'], 'uuid' => $uuid ] ) ) );
			Statistics::replaced();
		}
		if ( $this->needsSlug( $data ) ) {
			$data['post_name'] = $uuid;
			Statistics::replaced();
		}
		return $data;
	}

	/** A post with a page of its own keeps the address that WordPress gives it. */
	private function needsSlug( array $data ): bool {
		return empty( $data['post_name'] )
			&& ! in_array( $data['post_status'], self::WITHOUT_SLUG, true )
			&& sanitize_title( wp_unslash( $data['post_title'] ) ) === ''
			&& ! is_post_type_viewable( $data['post_type'] );
	}
}
