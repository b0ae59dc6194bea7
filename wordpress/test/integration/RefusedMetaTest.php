<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\AwesomeSupport;
use TicketMetadata\Bridges\RequestMeta;
use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Changes\Reconciliation;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** The database refuses a held write, and the single one too. WordPress has answered already: what is believed afterwards is what the database has. */
final class RefusedMetaTest extends CombiningTestCase {

	/** @var string[] */
	private array $errors = [];

	protected function setUp(): void {
		global $wpdb;
		parent::setUp();
		foreach ( [ 'INSERT', 'UPDATE' ] as $verb ) {
			$wpdb->query( "CREATE TRIGGER refuse_$verb BEFORE $verb ON $wpdb->postmeta FOR EACH ROW IF NEW.meta_value = 'refused' THEN SIGNAL SQLSTATE '22001' SET MESSAGE_TEXT = 'Data too long'; END IF" );
		}
		$wpdb->query( "CREATE TRIGGER refuse_DELETE BEFORE DELETE ON $wpdb->postmeta FOR EACH ROW IF OLD.meta_value = 'kept' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Kept'; END IF" );
		$wpdb->suppress_errors( true );
	}

	protected function tearDown(): void {
		global $wpdb;
		$wpdb->suppress_errors( false );
		foreach ( [ 'INSERT', 'UPDATE', 'DELETE' ] as $verb ) {
			$wpdb->query( "DROP TRIGGER IF EXISTS refuse_$verb" );
		}
		parent::tearDown();
		delete_option( Config::OPTION );
		delete_option( TicketIds::OPTION );
		Plugin::forgetClient();
	}

	/** @return array<string, array{callable(int): mixed, mixed, string}> a change, what it answers, and the value that the database has afterwards */
	public function refusals(): array {
		return [
			'an update'   => [ static fn( int $id ) => update_post_meta( $id, 'status', 'refused' ), true, 'open' ],
			'an addition' => [ static fn( int $id ) => is_int( add_post_meta( $id, 'other', 'refused' ) ), true, '' ],
			'a deletion'  => [ static fn( int $id ) => delete_post_meta( $id, 'held' ), true, 'kept' ],
		];
	}

	/** @dataProvider refusals */
	public function testItIsNotBelieved( callable $change, $answer, string $stored ): void {
		$key = [ 'open' => 'status', '' => 'other', 'kept' => 'held' ][ $stored ];
		$id  = self::post();
		add_post_meta( $id, 'status', 'open' );
		add_post_meta( $id, 'held', 'kept' );
		$this->begin();
		add_action( 'ticket_metadata_error', fn( \WP_Error $error ) => $this->errors[] = $error->get_error_code() );
		$known = new RequestMeta( [ 'status', 'other', 'held' ] );
		$known->listen();
		get_post_meta( $id );
		self::assertSame( $answer, $change( $id ) );
		update_post_meta( $id, 'fine', 'x' );
		self::assertSame( [ 'refused', 'refused', '' ][ array_search( $key, [ 'status', 'other', 'held' ], true ) ], (string) get_post_meta( $id, $key, true ), 'as the page has it until then' );
		$this->page->finish();
		self::assertSame( [ 'combine_failed' ], $this->errors );
		self::assertSame( 'x', $this->seenElsewhere( $id )['fine'], 'what is not refused is written' );
		self::assertNull( $known->of( $id ), 'the database is asked' );
		self::assertSame( $stored, (string) get_post_meta( $id, $key, true ) );
		self::assertSame( $stored, $known->of( $id )[ $key ] );
		$this->end();
	}

	public function testAFilterThatFailsIsNotBelievedEither(): void {
		global $wpdb;
		$id = self::post();
		add_post_meta( $id, 'status', 'open' );
		$this->begin();
		$known = new RequestMeta( [ 'status' ] );
		$known->listen();
		get_post_meta( $id );
		update_post_meta( $id, 'status', 'closed' );
		// Another page fills a persistent cache meanwhile.
		wp_cache_set( $id, [ 'status' => [ 'closed' ] ], 'post_meta' );
		add_filter( 'query', static function ( $query ) use ( $wpdb ) {
			if ( strpos( (string) $query, "INSERT INTO $wpdb->postmeta" ) === 0 ) {
				throw new \DomainException( 'A mistake.' );
			}
			return $query;
		}, PHP_INT_MAX );
		$this->page->finish();
		self::assertNull( $known->of( $id ) );
		self::assertSame( 'open', get_post_meta( $id, 'status', true ) );
		$this->end();
	}

	/** @return array{int, array<string, int>} the ticket, and its id at the service */
	private function refusedTicket( bool $isTold ): array {
		require_once __DIR__ . '/../help-desks/awesome-support/awesome-support.php';
		update_option( Config::OPTION, [ 'url' => getenv( 'SERVICE_URL' ), 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
		awesome_support_register();
		wp_set_current_user( 1 );
		add_filter( 'ticket_metadata_bridges', static fn(): array => [ new AwesomeSupport() ] );
		$this->page = new CombinedPage( ( new AwesomeSupport() )->postTypes() );
		Plugin::listenToHelpDesks();
		if ( ! $isTold ) {
			remove_all_actions( 'ticket_metadata_unwritten' );
		}
		$id = wp_insert_post( [ 'post_type' => 'ticket', 'post_title' => 'Refused', 'post_status' => 'queued', 'post_author' => 1, 'import_id' => random_int( 10 ** 8, 10 ** 9 ) ] );
		add_post_meta( $id, '_wpas_status', 'open' );
		add_post_meta( $id, '_wpas_assignee', '1' );
		$GLOBALS['wpdb']->query( "SELECT COUNT(*) FROM {$GLOBALS['wpdb']->postmeta}" );
		get_post_meta( $id );
		update_post_meta( $id, '_wpas_assignee', '77' );
		add_filter( 'query', static fn( $query ) => strpos( (string) $query, "'77'" ) !== false && preg_match( '/^(INSERT|UPDATE)/', (string) $query ) ? str_replace( "'77'", "'refused'", $query ) : $query, PHP_INT_MAX );
		$this->page->finish();
		AtShutdown::run();
		self::assertSame( '1', $this->seenElsewhere( $id )['_wpas_assignee'] );
		return [ $id, ticket_metadata_get( TicketIds::toService( 'awesome-support', $id ) ) ];
	}

	public function testTheServiceGetsWhatTheDatabaseHas(): void {
		[ $id, $ticket ] = $this->refusedTicket( true );
		self::assertSame( 1, $ticket['assigned_to'] );
		$this->end();
		wp_delete_post( $id, true );
	}

	public function testWhatIsBelievedAllTheSameIsMendedByCron(): void {
		[ $id, $ticket ] = $this->refusedTicket( false );
		self::assertSame( 77, $ticket['assigned_to'], 'as on a page that was told nothing' );
		self::assertGreaterThan( 0, Reconciliation::run() );
		self::assertSame( 1, ticket_metadata_get( TicketIds::toService( 'awesome-support', $id ) )['assigned_to'] );
		$this->end();
		wp_delete_post( $id, true );
	}
}
