<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\CurlTransport;
use TicketMetadata\Client\OptionState;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** The plugin as WordPress sees it. */
final class PluginTest extends TestCase {

	private const FILE = WP_PLUGIN_DIR . '/ticket-metadata/ticket-metadata.php';

	protected function tearDown(): void {
		global $wpdb;
		delete_option( Config::OPTION );
		Plugin::forgetClient();
		// What one test found to be unavailable may be available in the next.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( OptionState::PREFIX ) . '%' ) );
		wp_cache_delete( 'alloptions', 'options' );
	}

	private function configure( array $option ): void {
		update_option( Config::OPTION, $option + [ 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
	}

	public function testItsHeaderSaysWhatItNeeds(): void {
		$header = get_plugin_data( self::FILE, false, false );
		self::assertSame( [ '7.4', '6.1', 'ticket-metadata' ], [ $header['RequiresPHP'], $header['RequiresWP'], $header['TextDomain'] ] );
	}

	public function testTheFunctionsReachTheService(): void {
		$this->configure( [ 'url' => getenv( 'SERVICE_URL' ) ] );
		$id = random_int( 1, 2 ** 52 );
		self::assertTrue( ticket_metadata_write( $id, [ 'customer_id' => 1, 'subject' => 'From WordPress' ] ) );
		self::assertTrue( ticket_metadata_update_field( $id, 'status', 'closed' ) );
		self::assertSame( 'closed', ticket_metadata_get( $id )['status'] );
		self::assertTrue( ticket_metadata_sync( $id ) );
	}

	public function testAnErrorIsAWpError(): void {
		$this->configure( [ 'url' => getenv( 'SERVICE_URL' ) ] );
		$errors = [];
		$listen = static function ( \WP_Error $error ) use ( &$errors ): void {
			$errors[] = $error;
		};
		add_action( 'ticket_metadata_error', $listen );
		self::assertFalse( ticket_metadata_update_field( 4711, 'colour', 'red' ) );
		remove_action( 'ticket_metadata_error', $listen );
		self::assertSame( 'validation_failed', $errors[0]->get_error_code() );
		self::assertSame( 4711, $errors[0]->get_error_data()['ticket_id'] );
	}

	public function testTheKeyOfAConstantIsNeverStored(): void {
		$this->configure( [ 'key' => 'from-form', 'outbox_max' => 7 ] );
		self::assertSame( 7, get_option( Config::OPTION )['outbox_max'] );
		self::assertArrayNotHasKey( 'key', get_option( Config::OPTION ) );
		update_option( Config::OPTION, [ 'key' => getenv( 'SERVICE_KEY' ), 'outbox_max' => 8 ] );
		global $wpdb;
		$stored = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", Config::OPTION ) );
		self::assertStringContainsString( 'i:8', $stored );
		self::assertStringNotContainsString( 'key', $stored );
		self::assertSame( getenv( 'SERVICE_KEY' ), ( new Config() )->key() );
	}

	public function testSavedSettingsAreThoseOfTheNextCall(): void {
		$first = Plugin::client();
		$this->configure( [ 'url' => getenv( 'NOBODY_URL' ) ] );
		self::assertNotSame( $first, Plugin::client() );
		self::assertSame( 'network_error', Plugin::client()->health()->code );
		$this->configure( [ 'url' => getenv( 'SERVICE_URL' ) ] );
		self::assertSame( 200, Plugin::client()->health()->status );
	}

	/** @return array<string, array{string, bool}> */
	public function hosts(): array {
		return [
			'another'                   => [ 'http://tickets.other.test', true ],
			'this machine by number'    => [ 'http://127.0.0.2:3000', true ],
			'this machine by name'      => [ 'http://localhost:1', false ],
			'the site itself'           => [ 'http://example.test:1', false ],
			'one that is named'         => [ 'http://127.0.0.1:1', false ],
			'one of a named family'     => [ 'http://tickets.allowed.test:1', false ],
		];
	}

	/** @dataProvider hosts */
	public function testASiteThatBlocksRequestsIsObeyedAsWordPressDoes( string $url, bool $isBlocked ): void {
		update_option( Config::OPTION, [ 'url' => $url ] );
		self::assertSame( $isBlocked, Plugin::client()->health()->code === 'blocked' );
	}

	public function testAListenersMistakeEndsNoPage(): void {
		$this->configure( [ 'url' => getenv( 'SERVICE_URL' ) ] );
		$throw = static function (): void {
			throw new \DomainException( 'of another plugin' );
		};
		add_filter( 'block_local_requests', $throw );
		update_option( Config::OPTION, [ 'url' => 'http://localhost:1' ] );
		self::assertSame( 'client_error', Plugin::client()->get( 7 )->code );
		remove_filter( 'block_local_requests', $throw );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testOnAnOldWordPressItSaysSoAndDoesNothing(): void {
		$GLOBALS['wp_version'] = '6.0.9';
		require self::FILE;
		wp_set_current_user( 1 );
		ob_start();
		do_action( 'admin_notices' );
		self::assertStringContainsString( 'WordPress 6.0.9', ob_get_clean() );
		wp_set_current_user( 0 );
		ob_start();
		do_action( 'admin_notices' );
		self::assertSame( '', ob_get_clean(), 'only those see it who can do something' );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testASitesProxyIsUsed(): void {
		$proxy = parse_url( getenv( 'FAULTS_URL' ) );
		define( 'WP_PROXY_HOST', $proxy['host'] );
		define( 'WP_PROXY_PORT', $proxy['port'] );
		$this->configure( [ 'url' => 'http://tickets.allowed.test' ] );
		self::assertTrue( CurlTransport::isPossible(), 'which alone would not know of it' );
		$answer = Plugin::client()->health();
		self::assertSame( 'bad_answer', $answer->code, 'the proxy answered, and not nobody' );
		self::assertStringContainsString( '500', $answer->detail() );
	}
}
