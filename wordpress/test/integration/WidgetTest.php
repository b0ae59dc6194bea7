<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\Widget;
use TicketMetadata\Bridges\AwesomeSupport;
use TicketMetadata\Bridges\SupportCandy;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Plugin;

/** The dashboard widget. */
final class WidgetTest extends AdminTestCase {

	protected function setUp(): void {
		parent::setUp();
		require_once ABSPATH . 'wp-admin/includes/dashboard.php';
		$GLOBALS['wp_meta_boxes'] = [];
		set_current_screen( 'dashboard' );
	}

	private static function widget(): string {
		return self::shown( [ Widget::class, 'show' ] );
	}

	private static function isAdded(): bool {
		$GLOBALS['wp_meta_boxes'] = [];
		do_action( 'wp_dashboard_setup' );
		return isset( $GLOBALS['wp_meta_boxes']['dashboard']['normal']['core']['ticket_metadata_tickets'] );
	}

	public function testItIsForAdministrators(): void {
		self::assertTrue( self::isAdded() );
		$this->use( getenv( 'SERVICE_URL' ), [ 'disabled' => true ] );
		self::assertFalse( self::isAdded() );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::becomeSubscriber();
		self::assertFalse( self::isAdded() );
		$this->hook( 'ticket_metadata_widget_capability', static fn(): string => 'read' );
		self::assertTrue( self::isAdded() );
	}

	public function testItShowsCountsAndTheOldestOpenTickets(): void {
		$this->desk = new DatedDesk();
		$status     = 'on-hold';
		$this->hook( 'ticket_metadata_open_statuses', static fn(): array => [ $status ] );
		// Older than what other tests have left.
		$ids = [];
		foreach ( range( 1, 6 ) as $number ) {
			$ids[] = $id = self::newId();
			ticket_metadata_write( $id, [ 'customer_id' => 1, 'status' => $status, 'subject' => "Old &amp; grey <b>$number</b>", 'created_at' => 1000 + $number ] );
		}
		$closed = self::newId();
		ticket_metadata_write( $closed, [ 'customer_id' => 1, 'status' => 'closed', 'created_at' => 1000 ] );
		ticket_metadata_write( self::newId(), [ 'customer_id' => 1, 'status' => 'resolved' ] );
		TicketIds::toService( 'desk', 7 );
		$page = self::widget();
		preg_match_all( '/>#(\d+)/', $page, $found );
		self::assertSame( array_map( 'strval', array_slice( $ids, 0, 5 ) ), $found[1] );
		self::assertStringContainsString( esc_html( '#' . $ids[0] . ' Old & grey <b>1</b>' ), $page );
		self::assertStringContainsString( '<a href="' . esc_url( admin_url( "desk.php?ticket=$ids[0]&how=\"edit\"" ) ) . '">', $page );
		$counts = ticket_metadata_counts( 'status' )['counts'];
		self::assertArrayHasKey( 'resolved', $counts );
		preg_match_all( '~<li><strong>([\d,]+)</strong> (.+)</li>~U', $page, $shown );
		self::assertSame( array_map( 'number_format_i18n', $counts ), array_combine( $shown[2], $shown[1] ), 'each status that tickets have' );
		self::assertStringContainsString( 'opened ' . human_time_diff( 1001 ) . ' ago', $page );
		foreach ( $ids as $id ) {
			ticket_metadata_update_field( $id, 'status', 'closed' );
		}
		self::assertStringNotContainsString( "#$ids[0]", self::widget() );
	}

	public function testItAsksTheDatabaseNothing(): void {
		require_once __DIR__ . '/../help-desks/awesome-support/awesome-support.php';
		require_once __DIR__ . '/../help-desks/supportcandy/supportcandy.php';
		$this->hook( 'ticket_metadata_bridges', static fn(): array => [ new AwesomeSupport(), new SupportCandy() ] );
		ticket_metadata_write( self::newId(), [ 'customer_id' => 1 ] );
		foreach ( [ true, false ] as $hasSent ) {
			$hasSent ? TicketIds::toService( 'awesome-support', 7 ) : delete_option( TicketIds::OPTION );
			Plugin::forgetClient();
			wp_cache_flush();
			wp_load_alloptions();
			get_userdata( 1 );
			$queries = $GLOBALS['wpdb']->num_queries;
			do_action( 'wp_dashboard_setup' );
			$ours    = Statements::during( static fn() => self::assertStringContainsString( 'opened', self::widget() ) );
			self::assertSame( [ [], [] ], [ $ours->reads, $ours->writes ] );
		}
	}

	public function testWithoutAHelpDeskThereIsNoLink(): void {
		$this->use( ( new FaultyServer() )->url( 'slow-counts' ), [ 'timeout_ms' => 500 ] );
		$page = self::widget();
		self::assertStringContainsString( '<li>#7 &lt;b&gt;Bold&lt;/b&gt; &amp; &quot;quoted&quot; [31m (open, opened ', $page );
		self::assertStringNotContainsString( '<a ', $page );
	}

	public function testWhatIsSaidIsEscapedAndTooManyAreSortedById(): void {
		$this->use( ( new FaultyServer() )->url( 'too-many-to-sort' ) );
		$page = self::widget();
		self::assertStringContainsString( '<strong>20,001</strong> open', $page );
		self::assertStringContainsString( '<strong>3</strong> &lt;i&gt;new&lt;/i&gt;', $page );
		self::assertStringContainsString( '#7', $page );
		self::assertStringNotContainsString( '<b>', $page );
		self::assertStringNotContainsString( "\x1b", $page );
	}

	public function testCountsThatTakeLongAreLeftOutAndSayNothingOfTheCircuit(): void {
		$this->use( ( new FaultyServer() )->url( 'slow-counts' ), [ 'timeout_ms' => 300 ] );
		for ( $view = 0; $view <= CircuitBreaker::FAILURES_MAX; $view++ ) {
			$page = self::widget();
			self::assertStringContainsString( 'did not count the tickets in time', $page );
			self::assertStringContainsString( '#7', $page );
		}
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'nobody there'            => [ '', 'cannot show the tickets now' ],
			'a key that may not read' => [ 'forbidden', 'lacks the scope read' ],
			'WordPress\'s tables'     => [ 'unsupported', 'The reason of not_supported.' ],
			'a web page'              => [ 'not-json', 'cannot show the tickets now' ],
		];
	}

	/** @dataProvider failures */
	public function testAFailureIsSaidPlainly( string $behaviour, string $text ): void {
		$this->use( $behaviour === '' ? getenv( 'NOBODY_URL' ) : ( new FaultyServer() )->url( $behaviour ) );
		self::assertStringContainsString( $text, self::widget() );
		self::becomeSubscriber();
		self::assertStringNotContainsString( 'The reason of', self::widget(), 'the details are for those who can do something about it' );
	}

	public function testAServiceThatHangsIsSoonNotAskedAnyMore(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'silent' ), [ 'timeout_ms' => 50 ] );
		for ( $view = 0; $view < CircuitBreaker::FAILURES_MAX + 2; $view++ ) {
			self::assertStringContainsString( 'cannot show the tickets now', self::widget() );
		}
		self::assertCount( CircuitBreaker::FAILURES_MAX, $server->seen(), 'and once for each view' );
	}

	public function testWhatIsConfiguredToBeOpenIsListedAndAllAreCounted(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ), [ 'status_map' => [ 'desk:waiting' => 'resolved', 'desk:open' => 'pending' ] ] );
		self::widget();
		self::assertStringContainsString( 'status=open,pending,on-hold&', $server->seen()[0]['path'] );
		self::assertSame( '/tickets/counts?group_by=status', $server->seen()[1]['path'] );
		self::assertCount( 2, $server->seen() );
	}

	public function testABridgesMistakeEndsNoDashboard(): void {
		$this->use( ( new FaultyServer() )->url( 'too-many-to-sort' ) );
		$this->hook( 'ticket_metadata_open_statuses', static function (): array {
			throw new \DomainException( '<script>' );
		} );
		self::assertStringContainsString( '&lt;script&gt;', self::widget() );
	}
}
