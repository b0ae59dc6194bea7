<?php
namespace TicketMetadata\Test;

/** Random changes to tickets that are posts, by the help desk and past it, in one PHP request after another. What the bridge remembers is what the database has. */
trait WhateverHappens {

	/** @var int[] */
	private array $ids = [];

	protected function tearDown(): void {
		wp_using_ext_object_cache( false );
		parent::tearDown();
	}

	/** @return string[] meta keys, with one that is in no snapshot */
	abstract protected static function keys(): array;

	/** @return array<string, string[]> names by taxonomy */
	abstract protected static function terms(): array;

	abstract protected function newTicket(): int;

	/** @param int $what 0 to 3 */
	abstract protected function actOfDesk( int $what, int $id ): void;

	/** @return array<string, array{bool}> */
	public function caches(): array {
		return [
			'a cache for the request'  => [ false ],
			'a persistent cache'       => [ true ],
		];
	}

	/** @dataProvider caches */
	public function testWhateverHappens( bool $isPersistent ): void {
		mt_srand( 20261129 );
		wp_using_ext_object_cache( $isPersistent );
		$steps = 500;
		$known = 0;
		for ( $step = 1; $step <= $steps; $step++ ) {
			$id = $this->ids === [] || mt_rand( 1, 40 ) === 1 ? $this->ids[] = $this->newTicket() : $this->ids[ array_rand( $this->ids ) ];
			if ( mt_rand( 1, 25 ) === 1 ) {
				$this->beginNextRequest( $isPersistent );
			}
			$what = mt_rand( 0, 17 );
			$this->act( $what, $id );
			$snapshot   = $this->bridge->snapshots( [ $id ] )[ $id ] ?? null;
			$remembered = $this->bridge->remembered( [ $id ] );
			if ( array_key_exists( $id, $remembered ) ) {
				++$known;
				self::assertSame( $snapshot, $remembered[ $id ], "step $step, act $what" );
			}
		}
		// Several terms of a taxonomy, or several values of a key, are the database's to choose from.
		self::assertGreaterThan( $steps * ( $isPersistent ? 0.5 : 0.05 ), $known );
	}

	private function beginNextRequest( bool $isPersistent ): void {
		remove_all_actions( 'shutdown' );
		if ( ! $isPersistent ) {
			wp_cache_flush();
		}
		$this->bridge->listen( static function (): void {} );
	}

	private function act( int $what, int $id ): void {
		$key      = self::keys()[ array_rand( self::keys() ) ];
		$value    = [ 'open', 'closed', 7, '8', '', null, true, false, 1.5, [ 1 ] ][ mt_rand( 0, 9 ) ];
		$taxonomy = array_rand( self::terms() );
		$term     = self::terms()[ $taxonomy ][ array_rand( self::terms()[ $taxonomy ] ) ];
		switch ( $what ) {
			case 0:
			case 1:
			case 2:
			case 3:
				$this->actOfDesk( $what, $id );
				break;
			case 4:
				update_post_meta( $id, $key, $value );
				break;
			case 5:
				update_post_meta( $id, $key, $value, get_post_meta( $id, $key, true ) );
				break;
			case 6:
				mt_rand( 1, 3 ) === 1 && add_post_meta( $id, $key, $value );
				break;
			case 7:
				delete_post_meta( $id, $key, mt_rand( 0, 1 ) ? '' : get_post_meta( $id, $key, true ) );
				break;
			case 8:
				wp_set_object_terms( $id, $term, $taxonomy );
				break;
			case 9:
				wp_set_object_terms( $id, $term, $taxonomy, mt_rand( 1, 3 ) === 1 );
				break;
			case 10:
				// WordPress warns of names that it does not know.
				term_exists( $term, $taxonomy ) && wp_remove_object_terms( $id, $term, $taxonomy );
				break;
			case 11:
				wp_set_object_terms( $id, [], $taxonomy );
				break;
			case 12:
				wp_update_post( [ 'ID' => $id, 'post_title' => 'Title ' . mt_rand() ] );
				break;
			case 13:
				get_post_meta( $id );
				get_the_terms( $id, $taxonomy );
				break;
			case 14:
				mt_rand( 1, 5 ) === 1 && wp_trash_post( $id );
				break;
			case 15:
				$object = get_term_by( 'name', $term, $taxonomy );
				$object && wp_update_term( $object->term_id, $taxonomy, [ 'name' => "$term, renamed" ] );
				break;
			case 16:
				$object = get_term_by( 'name', "$term, renamed", $taxonomy );
				$object && wp_update_term( $object->term_id, $taxonomy, [ 'name' => $term ] );
				break;
			case 17:
				mt_rand( 1, 10 ) === 1 && wp_delete_post( $id, true );
		}
	}
}
