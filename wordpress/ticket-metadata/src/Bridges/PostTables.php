<?php
namespace TicketMetadata\Bridges;

/**
 * Meta and terms of posts in WordPress's own tables. Read by SQL, because WordPress's functions answer from caches and do
 * not know a taxonomy that was registered on another site of the network.
 */
final class PostTables {

	/**
	 * @param string   $list ids of posts, from Rows::list()
	 * @param string[] $keys
	 * @return array<int, array<string, string>> by post and key: the first of each key, as get_post_meta() answers it
	 */
	public static function meta( string $list, array $keys ): array {
		global $wpdb;
		$meta = [];
		foreach ( Rows::of( "SELECT post_id, meta_key, meta_value FROM $wpdb->postmeta WHERE post_id IN ($list) AND meta_key IN (" . self::texts( $keys ) . ') ORDER BY meta_id' ) as $row ) {
			$meta[ (int) $row->post_id ][ $row->meta_key ] ??= (string) $row->meta_value;
		}
		return $meta;
	}

	/**
	 * @param string                $list            ids of posts, from Rows::list()
	 * @param array<string, string> $nameByTaxonomy
	 * @return array<int, array<string, ?string>> by post and the taxonomy's name: the first term by name, where there are several
	 */
	public static function terms( string $list, array $nameByTaxonomy ): array {
		global $wpdb;
		$terms = [];
		$rows  = Rows::of(
			"SELECT r.object_id, x.taxonomy, t.name FROM $wpdb->term_relationships r
			JOIN $wpdb->term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id
			JOIN $wpdb->terms t ON t.term_id = x.term_id
			WHERE r.object_id IN ($list) AND x.taxonomy IN (" . self::texts( array_keys( $nameByTaxonomy ) ) . ') ORDER BY t.name, t.term_id'
		);
		foreach ( $rows as $row ) {
			$terms[ (int) $row->object_id ][ $nameByTaxonomy[ $row->taxonomy ] ] ??= Cell::text( $row->name );
		}
		return $terms;
	}

	/** @param string[] $texts of this plugin's code */
	private static function texts( array $texts ): string {
		return "'" . implode( "', '", $texts ) . "'";
	}
}
