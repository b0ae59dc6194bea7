<?php
namespace TicketMetadata\Test\Site;

use TicketMetadata\Test\FaultyServer;

/** The administration by HTTP, as those who run a site use it. */
final class AdministrationTest extends SiteTestCase {

	private const PAGE = 'wp-admin/options-general.php?page=ticket-metadata';

	private const HOSTILE = '"><script>alert(1)</script>';

	protected function setUp(): void {
		parent::setUp();
		$this->database->forgetSettings( getenv( 'SITE_TABLE_PREFIX' ) );
	}

	protected function tearDown(): void {
		parent::tearDown();
		$this->database->forgetSettings( getenv( 'SITE_TABLE_PREFIX' ) );
	}

	private function settings(): array {
		return $this->database->settings( getenv( 'SITE_TABLE_PREFIX' ) );
	}

	public function testSettingsAreSavedByTheForm(): void {
		$this->site->configure( [ 'TICKET_METADATA_URL' => null, 'TICKET_METADATA_KEY' => null ] );
		$browser = Browser::ofSite( 'admin' );
		$form    = Browser::form( $browser->get( self::PAGE ), 'options.php' );
		$changed = [
			'ticket_metadata[url]'                                   => 'https://tickets.example/',
			'ticket_metadata[new_key]'                               => 'tms_secret',
			'ticket_metadata[outbox_max]'                            => '7',
			'ticket_metadata[statuses][awesome-support%3Aprocessing]' => 'pending',
		];
		self::assertSame( [], array_diff_key( $changed, $form ), 'the form has these fields' );
		self::assertSame( 302, $browser->post( 'wp-admin/options.php', $changed + $form ) );
		self::assertSame(
			[ 'https://tickets.example', 'tms_secret', 7, [ 'awesome-support:processing' => 'pending' ] ],
			[ $this->settings()['url'], $this->settings()['key'], $this->settings()['outbox_max'], $this->settings()['status_map'] ]
		);
		$page = $browser->get( self::PAGE . '&settings-updated=true' );
		self::assertStringContainsString( 'Settings saved.', $page );
		self::assertStringNotContainsString( 'tms_secret', $page );
		self::assertSame( 302, $browser->post( 'wp-admin/options.php', Browser::form( $page, 'options.php' ) ) );
		self::assertSame( 'tms_secret', $this->settings()['key'], 'an empty field keeps the key' );
	}

	public function testWhatCannotBeUsedIsSaidOnThePage(): void {
		$this->site->configure( [ 'TICKET_METADATA_URL' => null ] );
		$browser = Browser::ofSite( 'admin' );
		$form    = Browser::form( $browser->get( self::PAGE ), 'options.php' );
		$browser->post( 'wp-admin/options.php', [ 'ticket_metadata[url]' => self::HOSTILE, 'ticket_metadata[ca_file]' => self::HOSTILE ] + $form );
		$page = $browser->get( self::PAGE . '&settings-updated=true' );
		self::assertStringContainsString( 'Address of the service must be', $page );
		self::assertStringNotContainsString( self::HOSTILE, $page );
		self::assertArrayNotHasKey( 'url', $this->settings() );
	}

	public function testWithoutTheFormsNonceNothingIsSaved(): void {
		$browser = Browser::ofSite( 'admin' );
		$form    = Browser::form( $browser->get( self::PAGE ), 'options.php' );
		self::assertSame( 403, $browser->post( 'wp-admin/options.php', [ '_wpnonce' => 'abcdef0123', 'ticket_metadata[outbox_max]' => '7' ] + $form ) );
		unset( $form['_wpnonce'] );
		self::assertSame( 403, $browser->post( 'wp-admin/options.php', [ 'ticket_metadata[outbox_max]' => '7' ] + $form ) );
		self::assertSame( [], $this->settings() );
	}

	public function testACustomerNeitherSeesNorSavesSettings(): void {
		$administrator = Browser::ofSite( 'admin' );
		$form          = Browser::form( $administrator->get( self::PAGE ), 'options.php' );
		$customer      = Browser::ofSite( 'user-2' );
		self::assertSame( 403, $customer->post( self::PAGE, [] ) );
		self::assertSame( 403, $customer->post( 'wp-admin/options.php', [ 'ticket_metadata[outbox_max]' => '7' ] + $form ) );
		self::assertSame( [], $this->settings() );
	}

	public function testTheButtonTestsTheConnection(): void {
		$browser = Browser::ofSite( 'admin' );
		$action  = 'http://' . getenv( 'SITE_HOST' ) . '/' . self::PAGE;
		$form    = Browser::form( $browser->get( self::PAGE ), $action );
		$page    = $browser->postAndRead( self::PAGE, [ 'ticket_metadata_test' => 'Test connection' ] + $form );
		self::assertStringContainsString( 'good: The ticket-metadata service can be reached', $page );
		self::assertStringContainsString( 'good: The ticket-metadata service accepts all mapped statuses', $page );
		self::assertSame( 403, $browser->post( self::PAGE, [ 'ticket_metadata_test' => 'Test connection', 'ticket_metadata_nonce' => 'abcdef0123' ] ) );
	}

	public function testSiteHealthAsksTheServiceOnlyWhenThePageIsThere(): void {
		$server = new FaultyServer();
		$this->site->configure( self::service( [ 'TICKET_METADATA_URL' => $server->url( 'silent' ) ] ) );
		$browser = Browser::ofSite( 'admin' );
		$page    = $browser->get( 'wp-admin/site-health.php' );
		self::assertStringContainsString( 'ticket_metadata_outbox', $page );
		self::assertStringContainsString( 'ticket-metadata\/v1\/health\/reachable', $page );
		self::assertSame( [], $server->seen() );

		$this->site->configure( [] );
		preg_match( '/createNonceMiddleware\( "([0-9a-f]+)" \)|wpApiSettings = .*?"nonce":"([0-9a-f]+)"/', $page, $found );
		$nonce  = $found[1] !== '' ? $found[1] : $found[2];
		$result = json_decode( $browser->get( '?rest_route=/ticket-metadata/v1/health/reachable&_wpnonce=' . $nonce ), true );
		self::assertSame( [ 'ticket_metadata_reachable', 'good' ], [ $result['test'], $result['status'] ] );
	}

	public function testWhoRunsTheSiteIsToldThatTicketsWait(): void {
		$browser = Browser::ofSite( 'admin' );
		self::assertStringNotContainsString( 'If you deactivate the plugin', $browser->get( 'wp-admin/plugins.php' ) );
		$this->site->configure( [ 'TICKET_METADATA_URL' => getenv( 'NOBODY_URL' ) ] );
		$this->site->act( Step::create( 'awesome-support', 'Waiting' ) );
		$this->site->settle();
		// Which says so to pages that touch no ticket: the one that put it there has written the outbox's row alone.
		$this->site->cron();
		self::assertStringContainsString( 'If you deactivate the plugin', $browser->get( 'wp-admin/plugins.php' ) );
		self::assertStringContainsString( 'Tickets in the outbox', $browser->get( 'wp-admin/site-health.php?tab=debug' ) );
	}

	public function testTheAdministratorOfASiteCannotSendTheNetworksKeyElsewhere(): void {
		$second  = getenv( 'NETWORK_TABLE_PREFIX' ) . '2_';
		$before  = $this->database->settings( $second );
		$browser = Browser::ofNetwork( '/second/', 'user-4' );
		$page    = $browser->get( self::PAGE );
		self::assertStringContainsString( 'Only network administrators can change it', $page );
		$form = Browser::form( $page, 'options.php' );
		self::assertArrayNotHasKey( 'ticket_metadata[url]', $form );
		foreach ( [ [], [ 'ticket_metadata[new_key]' => '' ] ] as $fields ) {
			$browser->post( 'wp-admin/options.php', [ 'ticket_metadata[url]' => 'https://elsewhere.example', 'ticket_metadata[outbox_max]' => '70000' ] + $fields + array_diff_key( $form, [ 'ticket_metadata[new_key]' => 1 ] ) );
			self::assertSame( [ $before['url'] ?? null, 70000 ], [ $this->database->settings( $second )['url'] ?? null, $this->database->settings( $second )['outbox_max'] ] );
		}
		$network = Browser::ofNetwork( '/second/', 'admin' );
		$form    = Browser::form( $network->get( self::PAGE ), 'options.php' );
		$network->post( 'wp-admin/options.php', [ 'ticket_metadata[url]' => getenv( 'SERVICE_URL' ) ] + $form );
		self::assertSame( getenv( 'SERVICE_URL' ), $this->database->settings( $second )['url'] );
		$this->database->forgetSettings( $second );
	}

	private const HEALTH = '#(good|critical): ([^<]*ticket-metadata service[^<]*)</strong><br>([^<]*)#';

	/** @return string what the button of the second site's settings page says */
	private static function tested( Browser $browser ): string {
		$action = 'http://' . getenv( 'NETWORK_HOST' ) . '/second/' . self::PAGE;
		$page   = $browser->postAndRead( self::PAGE, [ 'ticket_metadata_test' => 'Test connection' ] + Browser::form( $browser->get( self::PAGE ), $action ) );
		preg_match( self::HEALTH, $page, $found );
		return html_entity_decode( $found[0] ?? $page, ENT_QUOTES );
	}

	/** The address of a server of the tests, as the second site's administrator stored it when wp-config.php had no key. */
	private function storedBySite( FaultyServer $server, Browser $browser ): void {
		$network = Site::ofNetwork( '/' );
		$network->configure( [ 'TICKET_METADATA_KEY' => null ] );
		$form = Browser::form( $browser->get( self::PAGE ), 'options.php' );
		$browser->post( 'wp-admin/options.php', [ 'ticket_metadata[url]' => $server->url( 'service' ) ] + $form );
		self::assertSame( $server->url( 'service' ), $this->database->settings( getenv( 'NETWORK_TABLE_PREFIX' ) . '2_' )['url'] );
	}

	public function testAnAddressThatASiteStoredEarlierDoesNotGetTheNetworksKey(): void {
		$server = new FaultyServer();
		$site   = Browser::ofNetwork( '/second/', 'user-4' );
		try {
			$this->storedBySite( $server, $site );
			Site::ofNetwork( '/' )->configure( [] );
			self::assertStringContainsString( "The key is the network's", html_entity_decode( $site->get( self::PAGE ), ENT_QUOTES ), 'a notice on the settings page' );
			self::assertStringContainsString( "The key is the network's", self::tested( $site ) );
			$page = Site::ofNetwork( '/second/' )->act( Step::create( 'awesome-support', 'Of the second' ) );
			self::assertSame( 200, $page->status, $page->body );
			$this->site->settle();
			self::assertSame( [], $server->seen() );
			self::assertCount( 1, $this->database->outbox( getenv( 'NETWORK_TABLE_PREFIX' ) . '2_' ), 'the change waits' );

			$network = Browser::ofNetwork( '/second/', 'admin' );
			$form    = Browser::form( $network->get( self::PAGE ), 'options.php' );
			self::assertSame( '0', $form['ticket_metadata[approve_address]'] );
			$network->post( 'wp-admin/options.php', $form );
			self::assertStringContainsString( "The key is the network's", self::tested( $network ), 'a form that nobody touched approves nothing' );
			$network->post( 'wp-admin/options.php', [ 'ticket_metadata[approve_address]' => '1' ] + $form );
			self::assertStringContainsString( 'good: The ticket-metadata service can be reached', self::tested( $site ) );
			self::assertSame( '1', Browser::form( $network->get( self::PAGE ), 'options.php' )['ticket_metadata[approve_address]'] );
			self::assertNotSame( [], $server->seen() );
		} finally {
			$this->forgetSecond();
		}
	}

	public function testASiteOfANetworkHasNothingPrivateCalled(): void {
		$server = new FaultyServer();
		$site   = Browser::ofNetwork( '/second/', 'user-4' );
		try {
			$this->storedBySite( $server, $site );
			self::assertStringContainsString( 'such an address must be public', self::tested( $site ) );
			self::assertArrayNotHasKey( 'ticket_metadata[approve_address]', Browser::form( $site->get( self::PAGE ), 'options.php' ) );
			$form = Browser::form( $site->get( self::PAGE ), 'options.php' );
			$site->post( 'wp-admin/options.php', [ 'ticket_metadata[approve_address]' => '1' ] + $form );
			self::assertStringContainsString( 'such an address must be public', self::tested( $site ), 'only the network approves' );
			self::assertSame( [], $server->seen() );
		} finally {
			$this->forgetSecond();
		}
	}

	private function forgetSecond(): void {
		Site::ofNetwork( '/' )->configure( [] );
		$this->database->forget( getenv( 'NETWORK_TABLE_PREFIX' ) . '2_' );
		$this->database->forgetSettings( getenv( 'NETWORK_TABLE_PREFIX' ) . '2_' );
		$this->database->forgetApprovals( getenv( 'NETWORK_TABLE_PREFIX' ) );
	}

	public function testItLeavesNoneOfItsDataOnAnySiteOfANetwork(): void {
		$prefixes = [];
		foreach ( [ 1 => '/', 2 => '/second/', 3 => '/third/' ] as $number => $path ) {
			$prefixes[ $number ] = getenv( 'NETWORK_TABLE_PREFIX' ) . ( $number === 1 ? '' : "{$number}_" );
			$site                = Site::ofNetwork( $path );
			$site->act( [ 'do' => 'use-service', 'url' => getenv( 'NOBODY_URL' ) ] );
			$site->act( Step::create( 'awesome-support', 'Waiting' ) );
			$this->site->settle();
			self::assertCount( 1, $this->database->outbox( $prefixes[ $number ] ) );
			self::assertNotSame( [], $this->database->traces( $prefixes[ $number ] ) );
		}
		self::assertCount( 3, $this->database->approvals( getenv( 'NETWORK_TABLE_PREFIX' ) ) );
		self::removeFromNetwork( 'deactivate' );
		foreach ( $prefixes as $prefix ) {
			self::assertNotContains( 'cron', $this->database->traces( $prefix ) );
			self::assertCount( 1, $this->database->outbox( $prefix ), 'the outbox is kept' );
		}
		self::removeFromNetwork( 'uninstall' );
		self::assertSame( [], $this->database->approvals( getenv( 'NETWORK_TABLE_PREFIX' ) ) );
		// Each had several help desks: whose tickets have which ids is not forgotten.
		self::assertSame( array_fill_keys( [ 1, 2, 3 ], [ 'ticket_metadata_help_desks' ] ), array_map( [ $this->database, 'traces' ], $prefixes ) );
	}

	/** Help desks that were there before the plugin was. */
	public function testTicketsThatAreThereAlreadyAreBroughtAndVerified(): void {
		$this->site->configure( [ 'TICKET_METADATA_DISABLED' => true ] );
		foreach ( self::DESKS as $desk ) {
			$page = $this->site->act( Step::create( $desk, "A <b>ticket</b> of $desk & more" ), Step::change( $desk, 'assign', null, Step::AGENTS[0] ), Step::create( $desk, 'Closed' ), Step::change( $desk, 'close' ) );
			self::assertCount( 2, $page->created(), $page->body );
		}
		$this->site->settle();
		$count = 2 * count( self::DESKS );
		$this->site->configure( self::service() );
		$before = $this->site->command( 'verify', [ 'format' => 'json' ] );
		self::assertSame( [ 1, $count ], [ $before['code'], json_decode( $before['said'][0], true )['missing'] ] );
		$backfill = $this->site->command( 'backfill', [ 'batch' => '1' ] );
		self::assertSame( 0, $backfill['code'], implode( "\n", $backfill['said'] ) );
		$after = $this->site->command( 'verify', [ 'format' => 'json' ] );
		self::assertSame( 0, $after['code'], implode( "\n", $after['said'] ) );
		self::assertSame( $count, json_decode( $after['said'][0], true )['agree'] );
		self::assertSame( 0, $this->site->command( 'status' )['code'] );
		$this->assertAllAgree( $count );
	}

	private static function removeFromNetwork( string $how ): void {
		exec( implode( ' ', array_map( 'escapeshellarg', [ PHP_BINARY, __DIR__ . '/cli/remove.php', getenv( 'NETWORK_DIRECTORY' ), getenv( 'NETWORK_HOST' ), $how ] ) ), $lines, $status );
		self::assertSame( [ 0, [] ], [ $status, $lines ] );
	}
}
