<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Client\ObjectCacheState;
use TicketMetadata\Client\OptionState;
use TicketMetadata\Client\SharedState;

/** What all PHP requests of a site know, in WordPress's own places. */
final class SharedStateTest extends TestCase {

	private string $name;

	protected function setUp(): void {
		$this->name = bin2hex( random_bytes( 8 ) );
	}

	private static function options(): OptionState {
		global $wpdb;
		return new OptionState( $wpdb );
	}

	/** @return array<string, array{SharedState}> */
	public function states(): array {
		return [
			'in the options table'  => [ self::options() ],
			'in the object cache'   => [ new ObjectCacheState() ],
		];
	}

	/** @dataProvider states */
	public function testWhatIsSetIsThere( SharedState $state ): void {
		self::assertNull( $state->get( $this->name ) );
		$state->set( $this->name, [ 'failures' => 3, 'retry_at' => 1.5 ], 60 );
		self::assertSame( [ 'failures' => 3, 'retry_at' => 1.5 ], $state->get( $this->name ) );
		$state->set( $this->name, [ 'failures' => 4 ], 60 );
		self::assertSame( [ 'failures' => 4 ], $state->get( $this->name ) );
	}

	/** @dataProvider states */
	public function testOneAddsWhatIsNotThere( SharedState $state ): void {
		self::assertTrue( $state->add( $this->name, true, 60 ) );
		self::assertFalse( $state->add( $this->name, true, 60 ) );
	}

	public function testWhatHasExpiredIsNotThereAndMayBeAddedOnce(): void {
		$state = self::options();
		$state->set( $this->name, true, -1 );
		self::assertNull( $state->get( $this->name ) );
		self::assertTrue( $state->add( $this->name, true, 60 ) );
		self::assertFalse( $state->add( $this->name, true, 60 ) );
	}

	/** @return array<string, array{int}> */
	public function beginnings(): array {
		return [
			'no row'              => [ 0 ],
			'a row that expired'  => [ -1 ],
		];
	}

	/** @dataProvider beginnings */
	public function testOfTwoWhoAddAtATimeOneSucceeds( int $seconds ): void {
		$state = self::options();
		if ( $seconds < 0 ) {
			$state->set( $this->name, true, $seconds );
		}
		$others = [];
		// Between the look of the one and its change, the other makes its own.
		$between = function ( string $query ) use ( &$between, &$others, $state ): string {
			if ( strncmp( $query, 'SELECT', 6 ) !== 0 ) {
				remove_filter( 'query', $between );
				$others[] = $state->add( $this->name, 'the other', 60 );
			}
			return $query;
		};
		add_filter( 'query', $between );
		self::assertFalse( $state->add( $this->name, 'the one', 60 ) );
		self::assertSame( [ true ], $others );
		self::assertSame( 'the other', $state->get( $this->name ) );
	}

	public function testARowIsNotLoadedWithEveryPage(): void {
		global $wpdb;
		self::options()->set( $this->name, true, 60 );
		self::assertSame( 'no', $wpdb->get_var( $wpdb->prepare( "SELECT autoload FROM $wpdb->options WHERE option_name = %s", OptionState::PREFIX . $this->name ) ) );
	}

	public function testAnotherRequestsChangeIsSeen(): void {
		global $wpdb;
		$state = self::options();
		$state->set( $this->name, 1, 60 );
		$state->get( $this->name );
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		$other->set_prefix( $wpdb->prefix );
		( new OptionState( $other ) )->set( $this->name, 2, 60 );
		self::assertSame( 2, $state->get( $this->name ) );
	}

	/** As some caches do. Then nobody would find that the outbox is empty, or when something was last delivered. */
	public function testANumberIsOneInACacheThatKeepsText(): void {
		$cache                      = $GLOBALS['wp_object_cache'];
		$GLOBALS['wp_object_cache'] = new class() extends \WP_Object_Cache {
			public function set( $key, $data, $group = 'default', $expire = 0 ) {
				return parent::set( $key, is_scalar( $data ) ? (string) $data : $data, $group, $expire );
			}
		};
		try {
			$state = new ObjectCacheState();
			$state->set( $this->name, 0, 60 );
			self::assertSame( 0, $state->get( $this->name ) );
			self::assertSame( 0, $state->loaded( $this->name ) );
			self::assertTrue( $state->add( "$this->name-added", 5, 60 ) );
			self::assertSame( 5, $state->get( "$this->name-added" ) );
		} finally {
			$GLOBALS['wp_object_cache'] = $cache;
		}
	}
}
