<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Replay;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Client\Client;

/** What tells pages, without a query, whether the outbox holds anything. */
final class OutboxSignTest extends SiteTestCase {

	protected function tearDown(): void {
		wp_using_ext_object_cache( false );
		wp_cache_flush();
		parent::tearDown();
	}

	private static function put( int $id ): void {
		( new Outbox() )->addTicket( 'desk', $id, Outcome::undelivered( 'timeout', 'Too late.' ) );
	}

	/** Without a persistent cache, WP-Cron says it. */
	private static function runCron(): void {
		if ( ! wp_using_ext_object_cache() ) {
			( new Outbox() )->correctSign();
		}
	}

	/** A page that begins now. */
	private static function page(): void {
		if ( ! wp_using_ext_object_cache() ) {
			wp_cache_flush();
		}
	}

	/** @return array<string, array{bool}> */
	public function caches(): array {
		return [
			'in an option'           => [ false ],
			'in a persistent cache'  => [ true ],
		];
	}

	/** @dataProvider caches */
	public function testItSaysWhetherSomethingWaits( bool $isPersistent ): void {
		wp_using_ext_object_cache( $isPersistent );
		self::assertFalse( Outbox::mayHold(), 'the first who asks finds out' );
		self::put( 7 );
		self::runCron();
		self::page();
		self::assertTrue( Outbox::mayHold() );
		( new Outbox() )->addFields( 8, [ 'status' => 'open' ], Outcome::undelivered( 'timeout', '' ) );
		$this->desk->put( 7 );
		$this->use( ( new FaultyServer() )->url( 'batch' ) );
		self::assertSame( 0, Replay::run( 10 )->left );
		self::page();
		self::assertFalse( Outbox::mayHold() );
		( new Outbox() )->addFields( 8, [ 'status' => 'open' ], Outcome::undelivered( 'timeout', '' ) );
		self::runCron();
		self::assertTrue( Outbox::mayHold() );
	}

	public function testAReplayThatDeliversNothingSaysItToo(): void {
		self::assertFalse( Outbox::mayHold() );
		self::put( 7 );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, Replay::run( 10 )->left );
		self::page();
		self::assertTrue( Outbox::mayHold() );
	}

	public function testWhereCronDoesNotRunTheTableIsAsked(): void {
		self::assertFalse( Outbox::mayHold() );
		self::put( 7 );
		self::page();
		self::assertFalse( Outbox::mayHold(), 'WP-Cron will say it within a minute' );
		Schedule::end();
		wp_schedule_event( time() - 700, 'ticket_metadata_minute', Schedule::EVENT );
		self::assertTrue( Outbox::mayHold() );
	}

	public function testOnlyAPersistentCacheIsTakenForWhatIsNow(): void {
		self::assertFalse( Outbox::isSurelyEmpty() );
		self::assertFalse( Outbox::mayHold() );
		self::assertFalse( Outbox::isSurelyEmpty(), 'a ticket may have come since the page began' );
		wp_using_ext_object_cache( true );
		self::assertTrue( Outbox::isSurelyEmpty() );
	}

	/** @dataProvider caches */
	public function testWhatComesWhileItIsEmptiedIsNotHidden( bool $isPersistent ): void {
		global $wpdb;
		wp_using_ext_object_cache( $isPersistent );
		self::put( 7 );
		$wpdb->query( 'DELETE FROM ' . OutboxTable::name() );
		$looks = 0;
		$other = static function ( string $query ) use ( &$looks ): string {
			// After the replay has seen that the outbox is empty, and before it looks again.
			if ( strpos( $query, 'SELECT EXISTS' ) === 0 && ++$looks === 2 ) {
				$GLOBALS['wpdb']->query( "INSERT INTO " . OutboxTable::name() . " (source, ticket_id, fields, revision, added_at, due_at, refusals, error_code, error_detail) VALUES ('desk', 9, '{}', 1, 1, 0, 0, '', '')" );
				return $query . ' AS again';
			}
			return $query;
		};
		$this->hook( 'query', $other );
		( new Outbox() )->correctSign();
		self::page();
		self::assertSame( 2, $looks );
		self::assertTrue( Outbox::mayHold() );
	}

	public function testAPageThatDoesNotKnowThatItWasEmptiedFillsItAgain(): void {
		self::put( 7 );
		self::runCron();
		// Another request empties the outbox, and says so. This one has loaded its options before.
		$loaded = wp_load_alloptions();
		$GLOBALS['wpdb']->query( 'DELETE FROM ' . OutboxTable::name() );
		( new Outbox() )->correctSign();
		wp_cache_set( 'alloptions', $loaded, 'options' );
		self::put( 8 );
		self::runCron();
		self::page();
		self::assertTrue( Outbox::mayHold() );
		self::assertSame( 1, Client::state()->get( 'outbox' ) );
	}

	/** @dataProvider caches */
	public function testWithAPersistentCacheItIsSaidBeforeItIsSo( bool $isPersistent ): void {
		wp_using_ext_object_cache( $isPersistent );
		self::assertFalse( Outbox::mayHold() );
		$seen = null;
		$this->hook(
			'query',
			static function ( string $query ) use ( &$seen ): string {
				if ( strpos( $query, 'INSERT INTO ' . OutboxTable::name() ) === 0 ) {
					$seen = Client::state()->loaded( 'outbox' );
				}
				return $query;
			}
		);
		self::put( 7 );
		self::assertSame( $isPersistent ? 1 : 0, $seen );
	}
}
