<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\SettingsPage;
use TicketMetadata\Checks\KeyCheck;
use TicketMetadata\Checks\StatusCheck;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/**
 * A site whose wp-config.php sets no key. Each test has a PHP of its own, as a constant cannot be taken back.
 *
 * @runTestsInSeparateProcesses
 * @preserveGlobalState disabled
 */
final class KeyInSettingsTest extends AdminTestCase {

	/** Runs before the tests' processes start, and again in each of them. */
	public static function setUpBeforeClass(): void {
		if ( (string) getenv( 'SERVICE_KEY' ) !== '' ) {
			putenv( 'SERVICE_FULL_KEY=' . getenv( 'SERVICE_KEY' ) );
			putenv( 'SERVICE_KEY=' );
		}
	}

	public static function tearDownAfterClass(): void {
		putenv( 'SERVICE_KEY=' . getenv( 'SERVICE_FULL_KEY' ) );
	}

	private static function page(): string {
		SettingsPage::register();
		try {
			return self::shown( [ SettingsPage::class, 'show' ] );
		} finally {
			unregister_setting( 'ticket_metadata', Config::OPTION );
		}
	}

	public function testAKeyIsStoredAndNeverShown(): void {
		self::assertStringContainsString( 'placeholder=""', self::page() );
		self::save( [ 'new_key' => ' tms_secret ' ] );
		self::assertSame( 'tms_secret', ( new Config() )->key() );
		$page = self::page();
		self::assertStringNotContainsString( 'tms_secret', $page );
		self::assertStringContainsString( 'placeholder="A key is set.', $page );
		self::assertStringContainsString( 'name="ticket_metadata[remove_key]"', $page );
	}

	public function testAnEmptyFieldKeepsIt(): void {
		self::save( [ 'new_key' => 'tms_secret' ] );
		self::save( [ 'timeout_ms' => '90' ] );
		self::assertSame( [ 'tms_secret', 90 ], [ ( new Config() )->key(), ( new Config() )->timeoutMs() ] );
	}

	public function testItCanBeReplacedAndRemoved(): void {
		self::save( [ 'new_key' => 'tms_secret' ] );
		self::save( [ 'new_key' => 'tms_other', 'remove_key' => '1' ] );
		self::assertSame( 'tms_other', ( new Config() )->key() );
		self::save( [ 'remove_key' => '1' ] );
		self::assertArrayNotHasKey( 'key', self::stored() );
	}

	public function testOneThatCannotBeUsedIsNotTaken(): void {
		self::save( [ 'new_key' => 'tms_secret' ] );
		self::save( [ 'new_key' => "two\r\nlines" ] );
		self::save( [ 'new_key' => [ 'a list' ] ] );
		self::assertSame( 'tms_secret', ( new Config() )->key() );
		self::assertCount( 1, self::complaints() );
		self::assertStringNotContainsString( 'lines', implode( self::complaints() ) );
	}

	/** @return array<string, array{string, string, string}> */
	public function keys(): array {
		return [
			'for everything'      => [ 'SERVICE_FULL_KEY', 'good', 'read, write, erase and operate' ],
			'without ops'         => [ 'SERVICE_ERASE_KEY', 'good', 'lacks the scope ops' ],
			'without erase'       => [ 'SERVICE_WRITE_KEY', 'recommended', 'adds erase to the scopes' ],
			'for reading alone'   => [ 'SERVICE_READ_KEY', 'critical', 'reader lacks the scope write' ],
			'of somebody else'    => [ 'tms_wrong', 'critical', 'npm run key' ],
			'none'                => [ '', 'critical', 'npm run key' ],
		];
	}

	public function testAServiceThatTakesEveryKeyHasCheckedNone(): void {
		$this->use( ( new FaultyServer() )->url( 'open' ), [ 'key' => 'tms_whatever' ] );
		$finding = KeyCheck::of( Plugin::patientClient(), new Config() );
		self::assertSame( 'recommended', $finding->state );
		self::assertStringContainsString( 'was not checked', $finding->detail );
	}

	/** @dataProvider keys */
	public function testWhatAKeyIsGoodForIsFoundOut( string $keyOrVariable, string $state, string $text ): void {
		$key = $keyOrVariable === '' ? '' : ( getenv( $keyOrVariable ) ?: $keyOrVariable );
		$this->use( getenv( 'SERVICE_URL' ), [ 'key' => $key ] );
		$finding = KeyCheck::of( Plugin::patientClient(), new Config() );
		self::assertSame( $state, $finding->state, $finding->detail );
		self::assertStringContainsString( $text, $finding->detail );
		if ( $key !== '' ) {
			self::assertStringNotContainsString( $key, $finding->headline . $finding->detail );
		}
		self::assertStringContainsString( $key === '' ? 'none is set' : 'service', $finding->headline );
	}

	public function testAKeyThatMayNotWriteCannotTestStatuses(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'key' => getenv( 'SERVICE_READ_KEY' ) ] );
		$finding = StatusCheck::of( Plugin::patientClient() );
		self::assertSame( 'recommended', $finding->state );
		self::assertStringContainsString( 'lacks the scope write', $finding->detail );
	}
}
