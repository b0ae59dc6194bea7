<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\SupportCandy;
use TicketMetadata\Bridges\SupportCandyStatements;
use WPSC_Agent;
use WPSC_Customer;
use WPSC_Individual_Ticket;
use WPSC_New_Ticket;
use WPSC_Ticket;

/** What a PHP request remembers of SupportCandy's tickets is what the database has. Only with a persistent object cache. */
final class SupportCandyRememberedTest extends HelpDeskTestCase {

	/** @var int[] */
	private array $tickets = [];

	/** @var int[] */
	private array $customers = [];

	/** @var int[] */
	private array $agents = [];

	public static function setUpBeforeClass(): void {
		require_once self::HELP_DESKS . '/supportcandy/supportcandy.php';
	}

	protected function setUp(): void {
		$this->bridge = new SupportCandy();
		parent::setUp();
		wp_using_ext_object_cache( true );
		foreach ( [ 0, 1, self::user( 'subscriber' ) ] as $number => $user ) {
			$this->customers[] = (int) WPSC_Customer::insert( [ 'name' => "C$number", 'email' => "c$number@example.test", 'user' => $user ] )->id;
			$this->agents[]    = (int) WPSC_Agent::insert( [ 'name' => "A$number", 'user' => $user, 'is_agentgroup' => (int) ( $number === 0 ), 'is_active' => 1 ] )->id;
		}
	}

	protected function tearDown(): void {
		wp_using_ext_object_cache( false );
		parent::tearDown();
	}

	private static function table( string $name ): string {
		return "{$GLOBALS['wpdb']->prefix}psmsc_$name";
	}

	private function create(): int {
		return (int) WPSC_New_Ticket::create( [ 'customer' => $this->customers[ array_rand( $this->customers ) ], 'subject' => "It's \\ a \"50%\" \n thing" ] )->id;
	}

	private static function open( int $id ): WPSC_Ticket {
		return WPSC_Individual_Ticket::$ticket = new WPSC_Ticket( $id );
	}

	private function beginNextRequest(): void {
		$this->listen();
	}

	private function act( int $what, int $id ): void {
		global $wpdb;
		switch ( $what ) {
			case 0:
				WPSC_Individual_Ticket::change_status( self::open( $id )->status, mt_rand( 1, 5 ), 0 );
				break;
			case 1:
				self::open( $id );
				shuffle( $this->agents );
				WPSC_Individual_Ticket::change_assignee( [], array_map( static fn( int $agent ): WPSC_Agent => new WPSC_Agent( $agent ), array_slice( $this->agents, 0, mt_rand( 0, 3 ) ) ), 0 );
				break;
			case 2:
				self::open( $id );
				WPSC_Individual_Ticket::change_subject( [ "O'Neil", 'a \\\' b', "two\nlines\r", 'null', "\0\x1a", 'ö 🎫', "x', `status` = '4' WHERE `id` = '1" ][ mt_rand( 0, 6 ) ] . mt_rand(), 0 );
				break;
			case 3:
				self::open( $id );
				WPSC_Individual_Ticket::reply( 'Well?', $this->customers[0], (bool) mt_rand( 0, 1 ) );
				break;
			case 4:
				self::open( $id );
				WPSC_Individual_Ticket::change_raised_by( new WPSC_Customer( 0 ), new WPSC_Customer( $this->customers[ array_rand( $this->customers ) ] ), 0 );
				break;
			case 5:
				// Past its models, as its settings do.
				$wpdb->update( self::table( 'tickets' ), [ 'category' => mt_rand( 0, 2 ) ], [ 'category' => mt_rand( 0, 2 ) ] );
				break;
			case 6:
				$wpdb->update( self::table( 'categories' ), [ 'name' => 'Category ' . mt_rand( 1, 3 ) ], [ 'id' => 1 ] );
				break;
			case 7:
				$wpdb->query( 'UPDATE ' . self::table( 'priorities' ) . " SET name = CONCAT('P', " . mt_rand( 1, 9 ) . ') WHERE id IN (1, 2)' );
				break;
			case 8:
				$wpdb->update( self::table( 'customers' ), [ 'user' => mt_rand( 0, 3 ) ], [ 'id' => $this->customers[ array_rand( $this->customers ) ] ] );
				break;
			case 9:
				$agent       = new WPSC_Agent( $this->agents[ array_rand( $this->agents ) ] );
				$agent->user = mt_rand( 0, 3 );
				$agent->save();
				break;
			case 10:
				$wpdb->query( 'SAVEPOINT s' );
				WPSC_Individual_Ticket::change_status( self::open( $id )->status, 2, 0 );
				$wpdb->update( self::table( 'customers' ), [ 'user' => 77 ], [ 'id' => $this->customers[0] ] );
				$wpdb->query( 'ROLLBACK TO SAVEPOINT s' );
				break;
			case 11:
				mt_rand( 1, 8 ) === 1 && supportcandy_delete( self::open( $id ) );
				break;
			case 12:
				mt_rand( 1, 8 ) === 1 && supportcandy_archive( self::open( $id ) );
				break;
			case 13:
				$wpdb->update( self::table( 'tickets' ), [ 'source' => null, 'priority' => 2 ], [ 'id' => $id ], [ '%s', '%d' ] );
				break;
			case 14:
				// Refused by wpdb, and by the database.
				$wpdb->suppress_errors( true );
				$wpdb->update( self::table( 'tickets' ), [ 'subject' => 'Refused', 'nothing' => 1 ], [ 'id' => $id ] );
				$wpdb->suppress_errors( false );
				break;
			default:
				self::open( $id );
		}
	}

	public function testWhateverHappens(): void {
		mt_srand( 20261130 );
		$steps = 600;
		$known = 0;
		for ( $step = 1; $step <= $steps; $step++ ) {
			$id = $this->tickets === [] || mt_rand( 1, 30 ) === 1 ? $this->tickets[] = $this->create() : $this->tickets[ array_rand( $this->tickets ) ];
			if ( mt_rand( 1, 10 ) === 1 ) {
				$this->beginNextRequest();
			}
			if ( ( new WPSC_Ticket( $id ) )->to_array() === [] ) {
				continue;
			}
			$what       = mt_rand( 0, 15 );
			$this->act( $what, $id );
			$remembered = $this->bridge->remembered( $this->tickets );
			foreach ( $this->bridge->snapshots( $this->tickets ) as $one => $snapshot ) {
				if ( isset( $remembered[ $one ] ) ) {
					$known += $one === $id;
					self::assertSame( $snapshot, $remembered[ $one ], "step $step, act $what, ticket $one" );
				}
			}
		}
		self::assertGreaterThan( $steps * 0.4, $known );
	}

	/** A filter of another plugin asks the database something before each UPDATE. */
	public function testAnUpdateOfWhichNobodyKnowsWhatBecameOfItIsNotPassedOver(): void {
		global $wpdb;
		$id  = $this->create();
		$ask = static function ( $query ) use ( $wpdb ) {
			if ( strpos( $query, 'UPDATE' ) === 0 ) {
				$wpdb->get_var( 'SELECT 1' );
			}
			return $query;
		};
		self::open( $id );
		add_filter( 'query', $ask, PHP_INT_MAX );
		$wpdb->update( self::table( 'tickets' ), [ 'subject' => 'Another' ], [ 'id' => $id ] );
		remove_filter( 'query', $ask, PHP_INT_MAX );
		$remembered = $this->bridge->remembered( [ $id ] );
		self::assertSame( 'Another', ( $remembered + $this->bridge->snapshots( [ $id ] ) )[ $id ]['subject'] );
	}

	public function testWithoutAPersistentCacheTheDatabaseIsAsked(): void {
		wp_using_ext_object_cache( false );
		$id = $this->create();
		self::assertSame( [], $this->bridge->remembered( [ $id ] ) );
	}

	public function testWhatAnotherRequestHasChangedMeanwhileIsNotKept(): void {
		global $wpdb;
		$id   = $this->create();
		$read = false;
		// Another request renames the category after this one has read it, and before this one keeps it.
		$rename = static function ( string $query ) use ( &$read ): string {
			if ( ! $read && strpos( $query, 'SELECT (SELECT id FROM' ) === 0 ) {
				$read = true;
				wp_cache_set( 'generation', [ 'another' ], 'ticket_metadata_supportcandy' );
			}
			return $query;
		};
		add_filter( 'query', $rename );
		$this->bridge->remembered( [ $id ] );
		self::assertTrue( $read );
		remove_filter( 'query', $rename );
		$this->beginNextRequest();
		new WPSC_Ticket( $id );
		$queries = self::queries( fn() => $this->bridge->remembered( [ $id ] ) );
		self::assertSame( 1, $queries, 'what was read then does not count' );
		self::assertSame( 0, self::queries( fn() => $this->bridge->remembered( [ $id ] ) ) );
	}

	public function testANewGenerationBeginsBeforeAndAfterAChange(): void {
		global $wpdb;
		$generations = [];
		$note        = static function ( string $query ) use ( &$generations ): string {
			$generations[] = wp_cache_get( 'generation', 'ticket_metadata_supportcandy' )[0] ?? '';
			return $query;
		};
		$id = $this->create();
		$this->bridge->remembered( [ $id ] );
		$generations[] = wp_cache_get( 'generation', 'ticket_metadata_supportcandy' )[0];
		// After the plugin's.
		add_filter( 'query', $note, PHP_INT_MAX );
		$wpdb->update( self::table( 'categories' ), [ 'name' => 'Renamed' ], [ 'id' => 1 ] );
		remove_filter( 'query', $note, PHP_INT_MAX );
		$this->bridge->remembered( [ $id ] );
		$generations[] = wp_cache_get( 'generation', 'ticket_metadata_supportcandy' )[0];
		self::assertCount( count( $generations ), array_filter( $generations ) );
		self::assertGreaterThanOrEqual( 3, count( array_unique( $generations ) ) );
		self::assertSame( 'Renamed', $this->bridge->remembered( [ $id ] )[ $id ]['category'] );
	}

	public function testCountersOfPeopleBeginNone(): void {
		$id = $this->create();
		foreach ( [ 2, 1 ] as $status ) {
			WPSC_Individual_Ticket::change_status( self::open( $id )->status, $status, 0 );
			$this->bridge->remembered( [ $id ] );
		}
		$generation = wp_cache_get( 'generation', 'ticket_metadata_supportcandy' );
		$this->beginNextRequest();
		WPSC_Individual_Ticket::change_status( self::open( $id )->status, 2, 0 );
		supportcandy_count_of_customer( self::open( $id ) );
		self::assertSame( 0, self::queries( fn() => $this->bridge->remembered( [ $id ] ) ) );
		self::assertSame( $generation, wp_cache_get( 'generation', 'ticket_metadata_supportcandy' ) );
	}

	public function testSinceWhenItIsKnown(): void {
		$id = $this->create();
		// From then on, there are copies of what it refers to.
		$this->bridge->remembered( [ $id ] );
		$before = hrtime( true ) / 1000000;
		self::open( $id );
		$this->bridge->remembered( [ $id ] );
		self::assertGreaterThanOrEqual( $before, $this->bridge->knownSince( $id ) );
		$after = hrtime( true ) / 1000000;
		$this->bridge->remembered( [ $id ] );
		self::assertLessThanOrEqual( $after, $this->bridge->knownSince( $id ), 'not since it was asked for' );
		WPSC_Individual_Ticket::change_status( self::open( $id )->status, 2, 0 );
		$this->bridge->remembered( [ $id ] );
		self::assertGreaterThanOrEqual( $after, $this->bridge->knownSince( $id ), 'a write is of the whole row' );
		$GLOBALS['wpdb']->update( self::table( 'tickets' ), [ 'status' => 3 ], [ 'id' => $id ] );
		$last = hrtime( true ) / 1000000;
		$GLOBALS['wpdb']->update( self::table( 'tickets' ), [ 'status' => 4 ], [ 'id' => $id ] );
		$this->bridge->remembered( [ $id ] );
		self::assertLessThanOrEqual( $last, $this->bridge->knownSince( $id ), 'of a part of it, the rest is older' );
	}

	/** @return array<string, array{string, ?array}> */
	public function statements(): array {
		return [
			'an update of a row'          => [ "UPDATE `{p}psmsc_tickets` SET `subject` = 'It\\'s', `source` = NULL, `status` = 3 WHERE `id` = '7'", [ 'tickets', 7, [ 'subject' => "It's", 'source' => null, 'status' => '3' ] ] ],
			'of another site\'s'          => [ "UPDATE `{p}2_psmsc_tickets` SET `subject` = 'x' WHERE `id` = '7'", null ],
			'of several rows'             => [ "UPDATE `{p}psmsc_tickets` SET `subject` = 'x' WHERE `status` = '7'", null ],
			'of one of two conditions'    => [ "UPDATE `{p}psmsc_tickets` SET `subject` = 'x' WHERE `id` = '7' AND `status` = '1'", null ],
			'an expression'               => [ "UPDATE `{p}psmsc_tickets` SET `status` = `status` + 1 WHERE `id` = '7'", null ],
			'of another table'            => [ "UPDATE `{p}psmsc_threads` SET `subject` = 'x' WHERE `id` = '7'", null ],
		];
	}

	/** @dataProvider statements */
	public function testWhichUpdatesAreUnderstood( string $query, ?array $expected ): void {
		self::assertSame( $expected, SupportCandyStatements::update( str_replace( '{p}', $GLOBALS['wpdb']->prefix, $query ) ) );
	}

	public function testWhichStatementsMayChangeWhat(): void {
		self::assertSame( [], SupportCandyStatements::written( 'SELECT * FROM wp_psmsc_tickets' ) );
		self::assertSame( [ 'tickets' ], SupportCandyStatements::written( 'delete from wp_psmsc_tickets where 1' ) );
		self::assertSame( [], SupportCandyStatements::written( 'UPDATE wp_options SET a = 1' ) );
		self::assertNull( SupportCandyStatements::written( 'ROLLBACK' ) );
		self::assertNull( SupportCandyStatements::written( 'CALL change_all()' ) );
	}
}
