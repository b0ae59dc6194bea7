<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\DebugInformation;
use TicketMetadata\Admin\SiteHealth;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Config;

/** Tools > Site Health. */
final class SiteHealthTest extends AdminTestCase {

	private const ASKS_THE_SERVICE = [ 'reachable', 'clock', 'key', 'statuses', 'backlog' ];

	protected function tearDown(): void {
		$GLOBALS['wp_rest_server'] = null;
		parent::tearDown();
	}

	/** @return array<string, array> our tests by name */
	private static function tests( string $kind ): array {
		$all = \WP_Site_Health::get_tests()[ $kind ];
		return array_filter( $all, static fn( string $name ): bool => strpos( $name, 'ticket_metadata_' ) === 0, ARRAY_FILTER_USE_KEY );
	}

	private static function ask( string $check ): \WP_REST_Response {
		return rest_get_server()->dispatch( new \WP_REST_Request( 'GET', "/ticket-metadata/v1/health/$check" ) );
	}

	private static function assertIsResult( string $check, array $result ): void {
		self::assertSame( "ticket_metadata_$check", $result['test'] );
		self::assertContains( $result['status'], [ 'good', 'recommended', 'critical' ] );
		self::assertNotSame( '', $result['label'] );
		self::assertStringStartsWith( '<p>', $result['description'] );
		self::assertSame( [ 'label', 'color' ], array_keys( $result['badge'] ) );
	}

	public function testWhatAsksTheServiceIsNotAskedWhileThePageIsMade(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'good' ) );
		foreach ( self::tests( 'direct' ) as $name => $test ) {
			self::assertIsResult( substr( $name, strlen( 'ticket_metadata_' ) ), $test['test']() );
		}
		self::assertSame( [ 'ticket_metadata_settings', 'ticket_metadata_outbox', 'ticket_metadata_delivery' ], array_keys( self::tests( 'direct' ) ) );
		self::assertSame( [], $server->seen() );
	}

	public function testWhatAsksTheServiceHasARouteOfItsOwn(): void {
		foreach ( self::ASKS_THE_SERVICE as $check ) {
			$test = self::tests( 'async' )[ "ticket_metadata_$check" ];
			self::assertSame( [ true, rest_url( "ticket-metadata/v1/health/$check" ) ], [ $test['has_rest'], $test['test'] ] );
			$answer = self::ask( $check );
			self::assertSame( [ 200, 'good' ], [ $answer->get_status(), $answer->get_data()['status'] ], $check );
			self::assertIsResult( $check, $answer->get_data() );
			self::assertSame( $answer->get_data(), $test['async_direct_test'](), 'the weekly event asks it so' );
		}
		self::assertCount( count( self::ASKS_THE_SERVICE ), self::tests( 'async' ) );
	}

	public function testWhatCombiningSavesIsShownByDay(): void {
		self::assertArrayNotHasKey( 'ticket_metadata_combining', self::tests( 'direct' ) );
		$this->use( getenv( 'SERVICE_URL' ), [ 'combine_writes' => true ] );
		self::assertSame( 'recommended', self::tests( 'direct' )['ticket_metadata_combining']['test']()['status'], 'no help desk has anything to combine' );
		$this->hook( 'ticket_metadata_bridges', static fn(): array => [ new CombinedDesk() ] );
		try {
			CombinedPage::storeItsSaving();
			$result = self::tests( 'direct' )['ticket_metadata_combining']['test']();
		} finally {
			wp_using_ext_object_cache( false );
		}
		self::assertIsResult( 'combining', $result );
		self::assertSame( 'good', $result['status'] );
		self::assertStringContainsString( gmdate( 'Y-m-d' ) . ': 1 statements in the place of 3.', $result['description'] );
		self::assertStringNotContainsString( 'estimates', $result['description'] );
	}

	public function testOnlyWhoMaySeeSiteHealthMayAsk(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'good' ) );
		wp_set_current_user( 0 );
		self::assertSame( 401, self::ask( 'reachable' )->get_status() );
		self::becomeSubscriber();
		self::assertSame( 403, self::ask( 'key' )->get_status() );
		self::assertSame( [], $server->seen() );
	}

	public function testAServiceThatIsAwayIsCritical(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 'critical', self::ask( 'reachable' )->get_data()['status'] );
		self::assertSame( 'red', self::ask( 'reachable' )->get_data()['badge']['color'] );
	}

	public function testNothingThatAnAnswerSaysBecomesMarkup(): void {
		$this->use( ( new FaultyServer() )->url( 'hostile' ) );
		$result = implode( array_filter( self::ask( 'reachable' )->get_data(), 'is_string' ) );
		self::assertStringNotContainsString( '<script', $result );
		self::assertStringContainsString( '&lt;script', $result );
	}

	public function testARefusedTicketIsCritical(): void {
		( new Outbox() )->addTicket( 'desk', 7, Outcome::refused( 'validation_failed', 'No.' ) );
		self::assertSame( 'critical', self::tests( 'direct' )['ticket_metadata_outbox']['test']()['status'] );
	}

	public function testTheInformationHasNoSecrets(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'status_map' => [ 'desk:open' => 'pending' ] ] );
		( new Outbox() )->addTicket( 'desk', 7, Outcome::refused( 'validation_failed', 'No.' ) );
		$section = DebugInformation::add( [] )['ticket-metadata'];
		self::assertStringNotContainsString( getenv( 'SERVICE_KEY' ), wp_json_encode( $section ) );
		self::assertSame( [ 'set (set in wp-config.php)', true ], [ $section['fields']['key']['value'], $section['fields']['key']['private'] ] );
		self::assertSame( 'The desk of the tests', $section['fields']['help_desks']['value'] );
		self::assertSame( [ 1, 1, '20000', true ], [ $section['fields']['waiting']['value'], $section['fields']['refused']['value'], $section['fields']['timeout_ms']['value'], $section['fields']['url']['private'] ] );
		foreach ( Config::names() as $name ) {
			self::assertNotSame( '', $section['fields'][ $name ]['label'] );
		}
	}

	public function testTheInformationIsThereWithoutTheTable(): void {
		global $wpdb;
		new Outbox();
		$this->hook( 'query', static fn( string $query ): string => strpos( $query, 'SELECT COUNT' ) === 0 ? 'SELECT nothing FROM nowhere' : $query );
		$wpdb->suppress_errors( true );
		$section = DebugInformation::add( [] )['ticket-metadata'];
		$wpdb->suppress_errors( false );
		self::assertStringContainsString( 'nowhere', $section['fields']['waiting']['value'] );
	}
}
