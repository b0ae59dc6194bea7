<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\Answer;
use TicketMetadata\Client\CircuitBreaker;
use TicketMetadata\Client\Client;
use TicketMetadata\Client\CurlTransport;
use TicketMetadata\Client\Delivery;
use TicketMetadata\Client\Transport;
use TicketMetadata\Config;

abstract class PluginTestCase extends TestCase {

	protected FaultyServer $server;

	protected MemoryState $state;

	protected function setUp(): void {
		\Site::reset();
		$this->server = new FaultyServer();
		$this->state  = new MemoryState();
	}

	protected function configure( array $option ): Config {
		\Site::$options[ Config::OPTION ] = $option;
		\TicketMetadata\Plugin::forgetClient();
		return new Config();
	}

	protected function transport( Config $config ): Transport {
		return new CurlTransport( $config );
	}

	/** Of the faulty server. Its timeout is so long that only a test of timeouts meets it. */
	protected function clientOf( string $behaviour, array $option = [] ): Client {
		return $this->clientBy( null, $option + [ 'url' => $this->server->url( $behaviour ) ] );
	}

	protected function clientBy( ?Transport $transport, array $option = [] ): Client {
		$config   = $this->configure( $option + [ 'timeout_ms' => 20000, 'connect_timeout_ms' => 20000 ] );
		$delivery = new Delivery( $transport ?? $this->transport( $config ), new CircuitBreaker( $this->state, $this->state->clock() ), $config->timeoutMs() );
		return new Client( $config, $delivery );
	}

	/** Of the real service, with a key that may do everything. */
	protected function serviceClient(): Client {
		return $this->clientBy( null, [ 'url' => getenv( 'SERVICE_URL' ), 'key' => getenv( 'SERVICE_KEY' ) ] );
	}

	/** An id that no other test uses. */
	protected static function newId(): int {
		return random_int( 1, 2 ** 52 );
	}

	protected static function assertFailed( string $code, Answer $answer ): void {
		self::assertSame( [ $code, 0 ], [ $answer->code, $answer->status ], $answer->detail() );
		self::assertFalse( $answer->isStored() );
		self::assertNotSame( '', $answer->detail() );
	}
}
