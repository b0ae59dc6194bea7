<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\AwesomeSupport;

/** What a PHP request remembers of tickets is what the database has. */
final class RememberedTest extends HelpDeskTestCase {

	private const STEPS = 500;

	private const TERMS = [ 'department' => [ 'Sales', 'Support', 'billing' ], 'ticket_priority' => [ 'High', 'Low' ], 'ticket_channel' => [ 'Phone', 'Email' ] ];

	/** @var int[] */
	private array $ids = [];

	public static function setUpBeforeClass(): void {
		require_once self::HELP_DESKS . '/awesome-support/awesome-support.php';
		wpas_install();
	}

	protected function setUp(): void {
		$this->bridge = new AwesomeSupport();
		parent::setUp();
		wp_set_current_user( self::user( 'administrator' ) );
	}

	protected function tearDown(): void {
		wp_using_ext_object_cache( false );
		parent::tearDown();
	}

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
		$known = 0;
		for ( $step = 1; $step <= self::STEPS; $step++ ) {
			$id = $this->ids === [] || mt_rand( 1, 40 ) === 1 ? $this->open() : $this->ids[ array_rand( $this->ids ) ];
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
		self::assertGreaterThan( self::STEPS * ( $isPersistent ? 0.5 : 0.05 ), $known );
	}

	public function testOfSeveralValuesTheDatabaseSaysWhichIsTheFirst(): void {
		$id = $this->open();
		update_post_meta( $id, '_wpas_assignee', '7' );
		add_post_meta( $id, '_wpas_assignee', '8' );
		foreach ( [
			static fn() => update_post_meta( $id, '_wpas_assignee', '9', '8' ),
			static fn() => delete_post_meta( $id, '_wpas_assignee', '9' ),
		] as $change ) {
			$this->beginNextRequest( false );
			get_post( $id );
			update_object_term_cache( [ $id ], 'ticket' );
			get_post_meta( $id );
			$change();
			$this->assertRemembers( $id );
			self::assertSame( 7, $this->bridge->snapshots( [ $id ] )[ $id ]['assigned_to'] );
		}
	}

	private function assertRemembers( int $id ): void {
		$snapshot = $this->bridge->snapshots( [ $id ] )[ $id ] ?? null;
		self::assertSame( $snapshot, $this->remembered( $id, $snapshot ) );
	}

	private function open(): int {
		return $this->ids[] = wpas_open_ticket( [ 'title' => 'Ticket ' . mt_rand(), 'message' => 'Please.' ] );
	}

	private function beginNextRequest( bool $isPersistent ): void {
		remove_all_actions( 'shutdown' );
		if ( ! $isPersistent ) {
			wp_cache_flush();
		}
		$this->bridge->listen( static function (): void {} );
	}

	private function act( int $what, int $id ): void {
		$key      = [ '_wpas_status', '_wpas_assignee', '_another' ][ mt_rand( 0, 2 ) ];
		$value    = [ 'open', 'closed', 7, '8', '', null, true, false, 1.5, [ 1 ] ][ mt_rand( 0, 9 ) ];
		$taxonomy = array_rand( self::TERMS );
		$term     = self::TERMS[ $taxonomy ][ array_rand( self::TERMS[ $taxonomy ] ) ];
		switch ( $what ) {
			case 0:
				wpas_assign_ticket( $id, get_current_user_id() );
				break;
			case 1:
				wpas_update_ticket_status( $id, [ 'queued', 'processing', 'hold' ][ mt_rand( 0, 2 ) ] );
				break;
			case 2:
				wpas_close_ticket( $id, 0, true );
				break;
			case 3:
				wpas_reopen_ticket( $id );
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
