<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\ConnectionTest;

/** The button "Test connection". */
final class ConnectionTestTest extends AdminTestCase {

	private function press( ?string $nonce ): string {
		$_POST    = [ 'ticket_metadata_test' => 'Test connection' ];
		$_REQUEST = $nonce === null ? $_POST : $_POST + [ 'ticket_metadata_nonce' => $nonce ];
		ConnectionTest::runIfAsked();
		return self::shown( [ ConnectionTest::class, 'show' ] );
	}

	protected function tearDown(): void {
		$_POST = [];
		ConnectionTest::runIfAsked();
		parent::tearDown();
	}

	public function testItSaysWhatItFound(): void {
		$page = $this->press( wp_create_nonce( 'ticket_metadata_test' ) );
		self::assertSame( 8, substr_count( $page, 'notice-success' ), $page );
		self::assertStringContainsString( 'Redis: up. MySQL: up.', $page );
		self::assertStringContainsString( 'It may read, write, erase and operate the service.', $page );
	}

	public function testItsFormBearsWhatIsAskedFor(): void {
		$page = self::shown( [ ConnectionTest::class, 'show' ] );
		self::assertStringContainsString( 'name="ticket_metadata_test"', $page );
		self::assertStringContainsString( 'name="ticket_metadata_nonce" value="' . wp_create_nonce( 'ticket_metadata_test' ) . '"', $page );
		self::assertStringContainsString( 'action="http://example.test/wp-admin/options-general.php?page=ticket-metadata"', $page );
		self::assertStringNotContainsString( 'notice', $page, 'nobody pressed it' );
	}

	public function testWithNobodyThereItSaysSo(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$page = $this->press( wp_create_nonce( 'ticket_metadata_test' ) );
		self::assertStringContainsString( 'critical: The ticket-metadata service cannot be reached', $page );
	}

	/** @return array<string, array{string|null}> */
	public function nonces(): array {
		return [
			'none'              => [ null ],
			'one of the past'   => [ 'abcdef0123' ],
		];
	}

	/** @dataProvider nonces */
	public function testWithoutItsNonceNothingIsAsked( ?string $nonce ): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'good' ) );
		try {
			$this->press( $nonce );
			self::fail( 'it ran' );
		} catch ( \RuntimeException $error ) {
			self::assertSame( [ 403, [] ], [ $error->getCode(), $server->seen() ] );
		}
	}

	public function testWhoMayNotManageTheSiteMayNotAsk(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'good' ) );
		self::becomeSubscriber();
		try {
			$this->press( wp_create_nonce( 'ticket_metadata_test' ) );
			self::fail( 'it ran' );
		} catch ( \RuntimeException $error ) {
			self::assertSame( [ 403, [] ], [ $error->getCode(), $server->seen() ] );
		}
	}

	public function testNothingThatAnAnswerSaysBecomesMarkup(): void {
		$this->use( ( new FaultyServer() )->url( 'hostile' ) );
		$page = $this->press( wp_create_nonce( 'ticket_metadata_test' ) );
		self::assertStringNotContainsString( '<script', $page );
		self::assertStringContainsString( '&lt;script', $page );
	}
}
