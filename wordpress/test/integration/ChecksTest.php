<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Checks\BacklogCheck;
use TicketMetadata\Checks\Checks;
use TicketMetadata\Checks\Finding;
use TicketMetadata\Checks\KeyCheck;
use TicketMetadata\Checks\ServiceHealth;
use TicketMetadata\Checks\SiteChecks;
use TicketMetadata\Checks\StatusCheck;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;
use TicketMetadata\Plugin;

/** What the settings page, Site Health and the command line all say. */
final class ChecksTest extends SiteTestCase {

	private static function assertFound( string $state, string $text, Finding $finding ): void {
		self::assertSame( $state, $finding->state, "$finding->headline: $finding->detail" );
		self::assertStringContainsString( $text, "$finding->headline: $finding->detail" );
	}

	private function health( string $behaviour ): ServiceHealth {
		$this->use( ( new FaultyServer() )->url( $behaviour ) );
		return new ServiceHealth( Plugin::patientClient() );
	}

	/** @return array<string, string> by check */
	private static function states( array $findings ): array {
		return array_column( array_map( static fn( Finding $finding ): array => [ $finding->id, $finding->state ], $findings ), 1, 0 );
	}

	public function testAllIsWell(): void {
		self::assertSame(
			[ 'reachable' => 'good', 'clock' => 'good', 'key' => 'good', 'statuses' => 'good', 'backlog' => 'good', 'settings' => 'good', 'outbox' => 'good', 'delivery' => 'good' ],
			self::states( Checks::patient()->all() )
		);
	}

	public function testWithNobodyThereTheServiceIsAskedOnce(): void {
		$this->use( getenv( 'NOBODY_URL' ) );
		$findings = Checks::patient()->all();
		self::assertSame( [ 'reachable' => 'critical', 'settings' => 'good', 'outbox' => 'good', 'delivery' => 'good' ], self::states( $findings ) );
		self::assertStringContainsString( 'could not be reached', $findings[0]->detail );
		$server = new FaultyServer();
		$this->use( $server->url( 'not-ready' ) );
		Checks::patient()->all();
		self::assertCount( 1, $server->seen() );
	}

	/** @return array<string, array{string, string, string}> */
	public function conditions(): array {
		return [
			'all is well'        => [ 'good', 'Redis: up. MySQL: up. Journal: idle.', 'undated' ],
			'a part is unavailable'     => [ 'recommended', 'MySQL: down (ECONNREFUSED)', 'degraded' ],
			'nothing works'      => [ 'critical', 'neither Redis nor MySQL', 'not-ready' ],
			'an odd answer'      => [ 'recommended', 'Redis: ?. MySQL: ?. Journal: ?.', 'odd-state' ],
			'something else'     => [ 'critical', 'Something other than the ticket-metadata service', 'other-state' ],
			'a web page'         => [ 'critical', 'Something other than the service', 'not-json' ],
			'a broken connection' => [ 'critical', 'cannot be reached', 'reset' ],
		];
	}

	/** @dataProvider conditions */
	public function testTheStateOfTheServiceIsSaid( string $state, string $text, string $behaviour ): void {
		self::assertFound( $state, $text, $this->health( $behaviour )->reachable() );
	}

	public function testNothingIsAskedWhileItIsSwitchedOff(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'good' ), [ 'disabled' => true ] );
		self::assertSame( [ 'settings' => 'recommended', 'outbox' => 'good', 'delivery' => 'good' ], self::states( Checks::patient()->all() ) );
	}

	public function testClocksAreCompared(): void {
		self::assertFound( 'critical', 'is wrong', $this->health( 'wrong-clock' )->clock() );
		self::assertFound( 'recommended', 'no Date header', $this->health( 'undated' )->clock() );
		self::assertFound( 'recommended', 'could not be compared', $this->health( 'reset' )->clock() );
	}

	public function testAKeyThatCannotBeTriedIsNotCalledWrong(): void {
		$this->use( ( new FaultyServer() )->url( 'reset' ) );
		self::assertFound( 'recommended', 'could not be checked', KeyCheck::of( Plugin::patientClient(), new Config() ) );
	}

	public function testTestsOfTheKeyAndTheStatusesChangeNothing(): void {
		// The ticket that the statuses are tried on, should there be one.
		ticket_metadata_write( 9007199254740991, [ 'customer_id' => 1 ] );
		$version = ticket_metadata_get( 9007199254740991 )['version'];
		$before  = Plugin::patientClient()->backlog()->body;
		KeyCheck::of( Plugin::patientClient(), new Config() );
		StatusCheck::of( Plugin::patientClient() );
		$after = Plugin::patientClient()->backlog()->body;
		self::assertSame( [ $before['unsynced'], $before['last_flush'] ], [ $after['unsynced'], $after['last_flush'] ] );
		self::assertSame( $version, ticket_metadata_get( 9007199254740991 )['version'] );
	}

	public function testAStatusThatTheServiceDoesNotKnowIsNamed(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'status_map' => [ 'desk:waiting' => 'snoozed', 'closed' => 'done' ] ] );
		$finding = StatusCheck::of( Plugin::patientClient() );
		self::assertFound( 'critical', 'It refuses snoozed, done: the status must be one of open, pending', $finding );
	}

	public function testWhatIsSaidOfAStatusIsPlainText(): void {
		foreach ( [ '["x"]' => 'the status .', '"\u001b[31mno"' => 'the status [31mno.' ] as $message => $text ) {
			$result = '{"status":400,"error":{"code":"validation_failed","errors":[{"pointer":"/operations/0/status","message":' . $message . '}]}}';
			$this->use( ( new FaultyServer() )->url( MalformedAnswers::behaviour( [ 'status' => 207, 'headers' => [], 'body' => "{\"results\":[$result,$result,$result]}" ] ) ) );
			self::assertFound( 'critical', $text, StatusCheck::of( Plugin::patientClient() ) );
		}
	}

	public function testStatusesThatAreKnownAreAllRight(): void {
		self::assertFound( 'good', 'open, pending, closed', StatusCheck::of( Plugin::patientClient() ) );
		$this->desk->statuses = [];
		self::assertFound( 'good', 'No statuses', StatusCheck::of( Plugin::patientClient() ) );
	}

	public function testABridgesMistakeEndsNoCheck(): void {
		$this->desk->statuses = null;
		self::assertSame( 'critical', self::states( Checks::patient()->all() )['statuses'] );
	}

	public function testHowFarMysqlIsBehind(): void {
		$this->use( ( new FaultyServer() )->url( 'backlog-dead' ) );
		self::assertFound( 'critical', '2 tickets', BacklogCheck::of( Plugin::patientClient() ) );
		$this->use( ( new FaultyServer() )->url( 'backlog-late' ) );
		self::assertFound( 'recommended', '5 tickets', BacklogCheck::of( Plugin::patientClient() ) );
		$this->use( ( new FaultyServer() )->url( 'echo' ) );
		self::assertFound( 'good', 'cannot see', BacklogCheck::of( Plugin::patientClient() ) );
		$this->use( ( new FaultyServer() )->url( 'reset' ) );
		self::assertFound( 'recommended', 'did not say', BacklogCheck::of( Plugin::patientClient() ) );
	}

	public function testSettings(): void {
		$this->use( 'nonsense' );
		self::assertFound( 'critical', 'TICKET_METADATA_URL', SiteChecks::settings( new Config() ) );
		$this->use( getenv( 'SERVICE_URL' ), [ 'disabled' => true ] );
		self::assertFound( 'recommended', 'switched off', SiteChecks::settings( new Config() ) );
	}

	/** Adds rows to the outbox, and makes all of them older. */
	private function outbox( int $count, int $seconds = 0, ?Outcome $why = null ): void {
		global $wpdb;
		$outbox = new Outbox();
		for ( $id = 1; $id <= $count; $id++ ) {
			$outbox->addTicket( 'desk', $id, $why ?? Outcome::undelivered( 'timeout', 'Too late.' ) );
		}
		$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->prefix}ticket_metadata_outbox SET added_at = added_at - %d", $seconds ) );
	}

	public function testTheOutbox(): void {
		self::assertFound( 'good', 'The outbox is empty', SiteChecks::outbox( new Config() ) );
		$this->outbox( 2, 540 );
		self::assertFound( 'good', '2 tickets are waiting, the oldest for 9 min', SiteChecks::outbox( new Config() ) );
		$this->outbox( 0, 120 );
		self::assertFound( 'recommended', 'for a long time', SiteChecks::outbox( new Config() ) );
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 3 ] );
		self::assertFound( 'recommended', 'for a long time', SiteChecks::outbox( new Config() ) );
		$this->outbox( 3 );
		self::assertFound( 'critical', 'nearly full', SiteChecks::outbox( new Config() ) );
	}

	public function testWhatIsRefusedIsCritical(): void {
		$this->outbox( 1, 0, Outcome::refused( 'validation_failed', 'No.' ) );
		self::assertFound( 'critical', '1 was refused', SiteChecks::outbox( new Config() ) );
	}

	public function testWhatFoundNoRoomIsCriticalWhenTheOutboxIsEmptyToo(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 1 ] );
		$this->outbox( 2 );
		( new Outbox() )->remove( ( new Outbox() )->rows( 1 )[0] );
		self::assertFound( 'critical', 'backfill', SiteChecks::outbox( new Config() ) );
	}

	public function testTheLastDelivery(): void {
		self::assertFound( 'good', 'yet', SiteChecks::delivery() );
		Plugin::lastDelivery()->note();
		self::assertFound( 'good', gmdate( 'Y' ), SiteChecks::delivery() );
		$this->outbox( 1, 1200 );
		self::assertFound( 'good', 'are delivered', SiteChecks::delivery() );
		Client::state()->set( 'delivered_at', time() - 700, 3600 );
		self::assertFound( 'recommended', 'for a long time', SiteChecks::delivery() );
	}

	public function testATableThatCannotBeReadEndsNoPage(): void {
		global $wpdb;
		new Outbox();
		$break = static fn( string $query ): string => strpos( $query, 'ticket_metadata_outbox' ) !== false && strpos( $query, 'SELECT' ) === 0 ? 'SELECT nothing FROM nowhere' : $query;
		$this->hook( 'query', $break );
		$wpdb->suppress_errors( true );
		$states = self::states( Checks::patient()->all() );
		$wpdb->suppress_errors( false );
		self::assertSame( 'critical', $states['outbox'] );
	}
}
