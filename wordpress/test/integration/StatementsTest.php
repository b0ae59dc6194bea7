<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\AwesomeSupport;
use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Bridges\KbSupport;
use TicketMetadata\Bridges\SupportCandy;
use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Reading;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** What mirroring costs the database, by event and page. */
final class StatementsTest extends SiteTestCase {

	private const READS_MAX = 2;

	private Bridge $bridge;

	/** @var array<string, \WP_Hook> */
	private array $before;

	/** Between two pages. */
	private int $gapMs = 25;

	/** Of the page that took longest to send its tickets. */
	private int $sendingMs = 0;

	public static function setUpBeforeClass(): void {
		require_once __DIR__ . '/../help-desks/awesome-support/awesome-support.php';
		require_once __DIR__ . '/../help-desks/supportcandy/supportcandy.php';
		require_once __DIR__ . '/../help-desks/kb-support/kb-support.php';
		wpas_install();
		kbs_install();
	}

	protected function setUp(): void {
		parent::setUp();
		$this->bridge = new AwesomeSupport();
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->bridge ] );
		wp_set_current_user( 1 );
		$this->before = array_map( static fn( \WP_Hook $hook ): \WP_Hook => clone $hook, $GLOBALS['wp_filter'] );
	}

	protected function tearDown(): void {
		global $wpdb;
		$GLOBALS['wp_filter'] = $this->before;
		wp_using_ext_object_cache( false );
		wp_cache_flush();
		foreach ( [ 'tickets', 'threads', 'customers', 'agents' ] as $table ) {
			$wpdb->query( "DELETE FROM {$wpdb->prefix}psmsc_$table" );
		}
		$wpdb->query( "DELETE FROM {$wpdb->prefix}kbs_customers" );
		foreach ( [ 'ticket%', 'kbs%' ] as $types ) {
			$wpdb->query( "DELETE m FROM $wpdb->postmeta m JOIN $wpdb->posts p ON p.ID = m.post_id WHERE p.post_type LIKE '$types'" );
			$wpdb->query( "DELETE FROM $wpdb->posts WHERE post_type LIKE '$types'" );
		}
		parent::tearDown();
	}

	/** On an old site, terms have other ids in one table than in the other. */
	private static function moveIdsOfTerms(): void {
		global $wpdb;
		wp_insert_term( 'Shifts', 'department' );
		$wpdb->query( "ALTER TABLE $wpdb->term_taxonomy AUTO_INCREMENT = " . ( 1000 + (int) $wpdb->get_var( "SELECT MAX(term_taxonomy_id) FROM $wpdb->term_taxonomy" ) ) );
	}

	/** A page, from the time when plugins are loaded until its end. With a persistent cache, it finds what earlier ones left there. */
	private function page( callable $act ): Statements {
		$GLOBALS['wp_filter'] = array_map( static fn( \WP_Hook $hook ): \WP_Hook => clone $hook, $this->before );
		Plugin::forgetClient();
		if ( ! wp_using_ext_object_cache() ) {
			wp_cache_flush();
		}
		wp_load_alloptions();
		// Loading WordPress takes longer than this, so that the page before has long been sent.
		usleep( $this->gapMs * 1000 );
		Reading::begin();
		return Statements::during(
			function () use ( $act ): void {
				do_action( 'init' );
				Plugin::listenToHelpDesks();
				$act();
				$begin = hrtime( true );
				AtShutdown::run();
				$this->sendingMs = max( $this->sendingMs, intdiv( hrtime( true ) - $begin, 1000000 ) );
			}
		);
	}

	/**
	 * The pages of a life. A page that waits for the service for longer than since the page before cannot tell them apart,
	 * and looks again. Where the machine is that slow, all is repeated with longer pauses.
	 *
	 * @param callable(): array<string, callable(): mixed> $life
	 * @return array<string, Statements> by event
	 */
	private function pages( callable $life ): array {
		for ( $attempt = 1; ; $attempt++ ) {
			$this->sendingMs = 0;
			$pages           = array_map( [ $this, 'page' ], $life() );
			if ( $this->sendingMs < intdiv( $this->gapMs, 2 ) || $attempt === 7 ) {
				return $pages;
			}
			$this->gapMs *= 2;
		}
	}

	/** @return array<string, callable(): mixed> the pages of an event each, in the order of a ticket's life */
	private function lifeInAwesomeSupport(): array {
		$this->bridge = new AwesomeSupport();
		// Both help desks have a taxonomy of departments.
		awesome_support_register();
		$ticket = new \stdClass();
		return [
			'create'     => static function () use ( $ticket ): void {
				$ticket->id = wpas_open_ticket( [ 'title' => 'Where is it?', 'message' => 'Please.' ] );
			},
			'reply'      => static fn() => wpas_add_reply( [ 'post_content' => 'Well?' ], $ticket->id ),
			'assign'     => static fn() => wpas_assign_ticket( $ticket->id, 1 ),
			'department' => static fn() => get_post( $ticket->id ) && wp_set_object_terms( $ticket->id, 'Sales of ' . __CLASS__, 'department' ),
			'status'     => static fn() => wpas_update_ticket_status( $ticket->id, 'hold' ),
			'close'      => static fn() => wpas_close_ticket( $ticket->id, 0, true ),
			'reopen'     => static fn() => wpas_reopen_ticket( $ticket->id ),
			'trash'      => static fn() => wp_trash_post( $ticket->id ),
			'delete'     => static fn() => wp_delete_post( $ticket->id, true ),
		];
	}

	/** @return array<string, callable(): mixed> */
	private function lifeInKbSupport(): array {
		$this->bridge = new KbSupport();
		kb_support_register();
		get_userdata( 1 )->add_role( 'support_agent' );
		$ticket = new \stdClass();
		$open   = static fn(): \KBS_Ticket => new \KBS_Ticket( $ticket->id );
		$set    = static function ( string $taxonomy ) use ( $ticket ): void {
			get_post( $ticket->id );
			wp_set_object_terms( $ticket->id, "Sales of $taxonomy", $taxonomy );
		};
		return [
			'create'         => static function () use ( $ticket ): void {
				$ticket->id = kbs_add_ticket( [ 'post_title' => 'Where is it?', 'post_content' => 'Please.', 'user_info' => [ 'id' => 1 ], 'user_email' => 'anna@example.test' ] );
			},
			'of a new guest' => static fn() => kbs_add_ticket( [ 'post_title' => 'Where is it?', 'post_content' => 'Please.', 'user_email' => bin2hex( random_bytes( 8 ) ) . '@example.test' ] ),
			'reply'          => static fn() => $open()->add_reply( [ 'ticket_id' => $ticket->id, 'response' => 'Well?' ] ),
			'assign'         => static fn() => kbs_assign_agent( $ticket->id, 1 ),
			'agent\'s reply' => static fn() => $open()->add_reply( [ 'ticket_id' => $ticket->id, 'response' => 'Soon.', 'author' => 1 ] ),
			'category'       => static fn() => $set( 'ticket_category' ),
			'department'     => static fn() => $set( 'department' ),
			'status'         => static fn() => kbs_set_ticket_status( $ticket->id, 'hold' ),
			'note'           => static fn() => kbs_insert_note( $ticket->id, 'Among us' ),
			'close'          => static fn() => kbs_set_ticket_status( $ticket->id, 'closed' ),
			'reopen'         => static fn() => kb_support_reopen( $ticket->id ),
			'trash'          => static fn() => wp_trash_post( $ticket->id ),
			'delete'         => static fn() => wp_delete_post( $ticket->id, true ),
		];
	}

	/** @return array<string, callable(): mixed> */
	private function lifeInSupportCandy(): array {
		$this->bridge = new SupportCandy();
		$ticket       = null;
		$open         = static function () use ( &$ticket ): \WPSC_Ticket {
			return \WPSC_Individual_Ticket::$ticket = new \WPSC_Ticket( $ticket->id );
		};
		return [
			'create'   => static function () use ( &$ticket ): void {
				$customer = \WPSC_Customer::insert( [ 'name' => 'Anna', 'email' => 'anna@example.test', 'user' => 1 ] );
				$ticket   = \WPSC_New_Ticket::create( [ 'customer' => $customer->id ] );
			},
			'assign'   => static fn() => $open() && \WPSC_Individual_Ticket::change_assignee( [], [ \WPSC_Agent::insert( [ 'user' => 1, 'name' => 'Ben', 'is_active' => 1 ] ) ], 0 ),
			'status'   => static fn() => \WPSC_Individual_Ticket::change_status( $open()->status->id, 2, 0 ),
			'category' => static fn() => \WPSC_Individual_Ticket::change_category( $open()->category->id, 1, 0 ),
			'of a new guest' => static fn() => \WPSC_New_Ticket::create( [ 'customer' => \WPSC_Customer::insert( [ 'name' => 'Guest', 'email' => bin2hex( random_bytes( 8 ) ) . '@example.test', 'user' => 0 ] )->id ] ),
			'reply'    => static fn() => $open() && \WPSC_Individual_Ticket::reply( 'Well?', (int) \WPSC_Individual_Ticket::$ticket->customer->id, false ),
			'close'    => static fn() => \WPSC_Individual_Ticket::change_status( $open()->status->id, 4, 0 ),
		];
	}

	/** Tickets and the plugin's own rows are there, as on a site that has been in use for a while. */
	private function warmUp( callable $life ): void {
		foreach ( $life() as $act ) {
			$this->page( $act );
		}
		self::assertSame( [], $this->errorCodes() );
	}

	public function testAnEventCostsTwoReadsAndNoWrite(): void {
		foreach ( [ fn(): array => $this->lifeInAwesomeSupport(), fn(): array => $this->lifeInSupportCandy(), fn(): array => $this->lifeInKbSupport() ] as $life ) {
			$this->warmUp( $life );
			foreach ( $this->pages( $life ) as $event => $statements ) {
				self::assertNotSame( [], $statements->reads, "$event is an event" );
				self::assertLessThanOrEqual( self::READS_MAX, count( $statements->reads ), "$event: " . implode( "\n", $statements->reads ) );
				self::assertSame( [], $statements->writes, $event );
			}
		}
		self::assertSame( [], $this->errorCodes() );
	}

	public function testWithAPersistentCacheItCostsNothing(): void {
		self::moveIdsOfTerms();
		wp_using_ext_object_cache( true );
		foreach ( [ fn(): array => $this->lifeInAwesomeSupport(), fn(): array => $this->lifeInSupportCandy(), fn(): array => $this->lifeInKbSupport() ] as $life ) {
			$this->warmUp( $life );
			foreach ( $this->pages( $life ) as $event => $statements ) {
				self::assertSame( [ [], [] ], [ $statements->reads, $statements->writes ], $event );
			}
		}
		self::assertSame( [], $this->errorCodes() );
	}

	public function testAPageWithoutTicketsCostsNothing(): void {
		// All settings are constants, or none is set.
		delete_option( Config::OPTION );
		$nothing = static function (): void {};
		$this->page( $nothing );
		$statements = $this->page( $nothing );
		self::assertSame( [ [], [] ], [ $statements->reads, $statements->writes ] );
		self::assertSame( [], get_option( Config::OPTION ) );
	}

	/** @return string[] */
	private static function notOfTheOutbox( Statements $statements ): array {
		return array_values( array_filter( $statements->writes, static fn( string $query ): bool => strpos( $query, OutboxTable::name() ) === false ) );
	}

	public function testWhatCannotBeDeliveredCostsOneWrite(): void {
		foreach ( [ false, true ] as $isPersistent ) {
			wp_using_ext_object_cache( $isPersistent );
			$life = $this->lifeInAwesomeSupport();
			array_map( [ $this, 'page' ], [ $life['create'], $life['reply'] ] );
			$this->use( getenv( 'NOBODY_URL' ) );
			// The outbox is empty at first, and each failure is counted until the circuit is open, and beyond.
			foreach ( [ 'reply', 'assign', 'department', 'reply', 'status', 'reply', 'close', 'reopen' ] as $event ) {
				$statements = $this->page( $life[ $event ] );
				self::assertSame( [ [], 1 ], [ self::notOfTheOutbox( $statements ), count( $statements->writes ) ], $event );
				self::assertLessThanOrEqual( self::READS_MAX, count( $statements->reads ), "$event: " . implode( "\n", $statements->reads ) );
			}
			$failures = wp_using_ext_object_cache() ? Client::state()->get( 'circuit' )['failures'] : (int) $GLOBALS['wpdb']->get_var( 'SELECT SUM(failures) FROM ' . OutboxTable::name() );
			self::assertSame( CircuitBreaker::FAILURES_MAX, $failures );
			$this->use( getenv( 'SERVICE_URL' ) );
			Replay::run( 10 );
		}
	}
}
