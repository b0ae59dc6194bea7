<?php
namespace TicketMetadata\Test;

use TicketMetadata\Config;

final class ConfigTest extends PluginTestCase {

	public function testDefaults(): void {
		$config = new Config();
		self::assertSame(
			[ 'http://127.0.0.1:3000', '', false, 200, 500, [], 100000, '', [] ],
			[ $config->url(), $config->key(), $config->isDisabled(), $config->connectTimeoutMs(), $config->timeoutMs(), $config->statusMap(), $config->outboxMax(), $config->caFile(), $config->problems() ]
		);
	}

	public function testTheOptionWinsOverTheDefault(): void {
		$config = $this->configure( [ 'url' => ' https://tickets.example/api/ ', 'key' => 'from-form', 'disabled' => '1', 'connect_timeout_ms' => '50', 'timeout_ms' => 90, 'status_map' => [ 'queued' => 'open' ], 'outbox_max' => 5, 'ca_file' => __FILE__ ] );
		self::assertSame(
			[ 'https://tickets.example/api', 'from-form', true, 50, 90, [ 'queued' => 'open' ], 5, __FILE__, [] ],
			[ $config->url(), $config->key(), $config->isDisabled(), $config->connectTimeoutMs(), $config->timeoutMs(), $config->statusMap(), $config->outboxMax(), $config->caFile(), $config->problems() ]
		);
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testAConstantWinsAndLocks(): void {
		define( 'TICKET_METADATA_KEY', 'from-constant' );
		define( 'TICKET_METADATA_TIMEOUT_MS', 300 );
		define( 'TICKET_METADATA_STATUS_MAP', [ 'queued' => 'pending' ] );
		$config = $this->configure( [ 'key' => 'from-form', 'timeout_ms' => 90, 'status_map' => [ 'queued' => 'open' ], 'outbox_max' => 5 ] );
		self::assertSame( [ 'from-constant', 300, [ 'queued' => 'pending' ], 5 ], [ $config->key(), $config->timeoutMs(), $config->statusMap(), $config->outboxMax() ] );
		self::assertTrue( Config::isLocked( 'key' ) );
		self::assertFalse( Config::isLocked( 'outbox_max' ) );
		self::assertSame( [ 'outbox_max' => 5 ], Config::withoutLocked( [ 'key' => 'from-constant', 'timeout_ms' => 300, 'outbox_max' => 5, 'unknown' => 1 ] ) );
	}

	/**
	 * The block of README.md.
	 *
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testTheConstantsOfTheReadme(): void {
		require dirname( __DIR__, 2 ) . '/examples/wp-config.php';
		$config = $this->configure( [ 'url' => 'https://other.example', 'key' => 'from-form' ] );
		self::assertSame( [ 'http://127.0.0.1:3000', 'tms_...', [] ], [ $config->url(), $config->key(), $config->problems() ] );
	}

	/** @return array<string, array{string, mixed}> */
	public function unusable(): array {
		return [
			'a protocol of files'      => [ 'url', 'file:///etc/passwd' ],
			'no protocol'              => [ 'url', '127.0.0.1:3000' ],
			'no host'                  => [ 'url', 'http:///tickets' ],
			'a user'                   => [ 'url', 'http://user:secret@tickets.example' ],
			'a query'                  => [ 'url', 'http://tickets.example/?a=1' ],
			'nothing'                  => [ 'url', '' ],
			'a list'                   => [ 'url', [] ],
			'a line end in the url'    => [ 'url', "http://tickets.example/\r\nX: 1" ],
			'a line end in the key'    => [ 'key', "abc\r\nX-Other: 1" ],
			'no time at all'           => [ 'timeout_ms', 0 ],
			'text'                     => [ 'timeout_ms', 'soon' ],
			'negative'                 => [ 'outbox_max', -1 ],
			'a half truth'             => [ 'disabled', 'perhaps' ],
			'no file'                  => [ 'ca_file', __DIR__ . '/nowhere.pem' ],
			'a directory'              => [ 'ca_file', __DIR__ ],
			'no map'                   => [ 'status_map', 'queued=open' ],
		];
	}

	/**
	 * @dataProvider unusable
	 * @param mixed $value
	 */
	public function testWhatCannotBeUsedIsSaidByName( string $name, $value ): void {
		$problems = $this->configure( [ $name => $value ] )->problems();
		self::assertCount( 1, $problems );
		self::assertStringContainsString( 'TICKET_METADATA_' . strtoupper( $name ), $problems[0] );
		self::assertStringNotContainsString( 'X-Other', $problems[0], 'nothing of a key is shown' );
	}

	public function testAnAddressThatCannotBeUsedIsNotReplacedByAnother(): void {
		self::assertSame( '', $this->configure( [ 'url' => 'tickets.example' ] )->url() );
		self::assertFailed( 'misconfigured', $this->clientBy( new ScriptedTransport( new \LogicException( 'must not be asked' ) ), [ 'url' => 'tickets.example' ] )->get( 7 ) );
	}

	public function testAnOptionThatIsDamagedIsNone(): void {
		\Site::$options[ Config::OPTION ] = 'nonsense';
		self::assertSame( [ 500, [] ], [ ( new Config() )->timeoutMs(), Config::withoutLocked( 'nonsense' ) ] );
	}
}
