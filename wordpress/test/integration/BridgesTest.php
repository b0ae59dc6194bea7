<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Bridges\Rows;

/** Which help desks run, one of the site's own, and a database that does not answer. */
final class BridgesTest extends TestCase {

	/** @return string[] */
	private static function active(): array {
		return array_keys( Bridges::active() );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testNoneWithoutItsPlugin(): void {
		// Others have posts of this type too.
		register_post_type( 'ticket' );
		self::assertSame( [], self::active() );
		define( 'WPSC_VERSION', '3.2.1' );
		self::assertSame( [], self::active(), 'while SupportCandy installs itself, its classes are not there' );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testNoneThatIsTooOld(): void {
		class_alias( self::class, 'WPSC_Ticket' );
		self::assertSame( [], self::active(), 'another plugin\'s class' );
		define( 'WPSC_VERSION', '2.3.1' );
		self::assertSame( [], self::active() );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testTheOnesThatRun(): void {
		require __DIR__ . '/../help-desks/awesome-support/awesome-support.php';
		self::assertSame( [ 'awesome-support' ], self::active() );
		require __DIR__ . '/../help-desks/supportcandy/supportcandy.php';
		self::assertSame( [ 'awesome-support', 'supportcandy' ], self::active() );
		require __DIR__ . '/../help-desks/kb-support/kb-support.php';
		self::assertSame( [ 'awesome-support', 'supportcandy', 'kb-support' ], self::active(), 'the newest is the last, so that the ids of the others stay' );
		add_filter( 'ticket_metadata_bridges', static fn( array $bridges ): array => [ 'no bridge', $bridges[1] ] );
		self::assertSame( [ 'supportcandy' ], self::active() );
		add_filter( 'ticket_metadata_bridges', '__return_null' );
		self::assertSame( [ 'awesome-support', 'supportcandy', 'kb-support' ], self::active(), 'who forgets to return them' );
	}

	/**
	 * The example of docs/bridges.md, with the help desk that it is for.
	 *
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testOneOfTheSitesOwn(): void {
		require __DIR__ . '/../help-desks/mini-desk/mini-desk.php';
		mini_desk_install();
		self::assertSame( [ 'mini-desk' ], self::active() );
		$bridge = Bridges::active()['mini-desk'];
		$marks  = [];
		$bridge->listen(
			static function ( int $id, bool $isNew = false ) use ( &$marks ): void {
				$marks[] = [ $id, $isNew ];
			}
		);
		$first  = mini_desk_ask( 1, 'Where is my order?', 'orders' );
		$second = mini_desk_ask( 2, 'Where is mine?', 'orders' );
		mini_desk_change( $first, [ 'is_done' => 1, 'agent_id' => 9 ] );
		self::assertSame( [ [ $first, true ], [ $second, true ], [ $first, false ] ], $marks );
		self::assertSame( [ [ $first, $second ], [ $second ], 2 ], [ $bridge->ids( 0, 10 ), $bridge->ids( $first, 10 ), $bridge->count() ] );
		self::assertSame( [ $first ], $bridge->idsOfPerson( get_userdata( 1 )->user_email, 0, 10 ) );
		self::assertSame( [], $bridge->idsOfPerson( 'nobody@example.test', 0, 10 ) );

		mini_desk_delete( $second );
		$snapshots = $bridge->snapshots( [ $first, $second ] );
		self::assertSame( [ $first ], array_keys( $snapshots ) );
		self::assertEqualsWithDelta( time(), $snapshots[ $first ]['created_at'], 600 );
		unset( $snapshots[ $first ]['created_at'] );
		$expected = [ 'customer_id' => 1, 'subject' => 'Where is my order?', 'status' => 'done', 'category' => 'orders', 'priority' => null, 'channel' => 'web', 'assigned_to' => 9, 'custom_fields' => [] ];
		self::assertSame( $expected, $snapshots[ $first ] );
		self::assertSame( 'closed', $bridge->statuses()['done']['default'] );
		self::assertSame( [], $bridge->snapshots( [] ) );
		$GLOBALS['wpdb']->query( "DROP TABLE {$GLOBALS['wpdb']->prefix}mini_desk_tickets" );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'it refuses'            => [ 'SELECT nothing FROM nowhere', 'nowhere' ],
			'the connection is lost' => [ '', 'the connection is lost' ],
		];
	}

	/** @dataProvider failures */
	public function testWhatTheDatabaseDoesNotAnswerIsNotMissing( string $query, string $detail ): void {
		global $wpdb;
		$replace = static function () use ( $query ): string {
			return $query;
		};
		$wpdb->last_error = '';
		$wpdb->suppress_errors( true );
		add_filter( 'query', $replace );
		try {
			Rows::ids( 'SELECT 1' );
			self::fail( 'an error is no empty list' );
		} catch ( \RuntimeException $error ) {
			self::assertStringContainsString( $detail, $error->getMessage() );
		} finally {
			remove_filter( 'query', $replace );
			$wpdb->suppress_errors( false );
		}
	}
}
