<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Plugin;

/** `wp ticket-metadata verify` */
final class VerifyTest extends CommandTestCase {

	/** @return int[] ids of tickets that are at the service, as they are here */
	private function tickets( int $count ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id, [ 'assigned_to' => 4, 'category' => null, 'custom_fields' => [ 'vip' => true, 'score' => 1.0, 'none' => null ] ] );
		}
		self::assertSame( 0, $this->command( 'backfill' ) );
		return $ids;
	}

	private function verified( array $options = [] ): array {
		$code = $this->command( 'verify', $options + [ 'format' => 'json' ] );
		return [ 'code' => $code ] + self::json();
	}

	public function testTicketsThatAgree(): void {
		$this->tickets( 250 );
		self::assertSame( 0, $this->command( 'verify' ) );
		self::assertSaid( 'Success: 250 tickets agree.' );
		self::assertSame( 250, end( CommandEnded::$bars )->ticks );
	}

	public function testWhatTheServiceHasBesideIsNoDifference(): void {
		[ $id ] = $this->tickets( 1 );
		Plugin::patientClient()->update( $id, [ 'custom_fields' => [ 'of_others' => 'x' ] ] );
		self::assertSame( 0, $this->verified()['code'] );
	}

	public function testADifferenceIsNamed(): void {
		[ $id ] = $this->tickets( 3 );
		Plugin::patientClient()->update( $id, [ 'status' => 'pending', 'custom_fields' => [ 'vip' => false, 'score' => true, 'none' => 'some' ], 'assigned_to' => null ] );
		$found = $this->verified();
		self::assertSame( [ 1, 3, 2, 1, 0, 0 ], [ $found['code'], $found['compared'], $found['agree'], $found['differ'], $found['missing'], $found['waiting'] ] );
		$differences = array_column( $found['differences'], null, 'field' );
		self::assertSame( [ 'status', 'assigned_to', 'custom_fields.vip', 'custom_fields.score', 'custom_fields.none' ], self::sorted( array_keys( $differences ) ) );
		self::assertSame( [ 'bridge' => 'desk', 'ticket' => $id, 'field' => 'status', 'here' => 'open', 'there' => 'pending', 'waiting' => false ], $differences['status'] );
		self::assertSame( [ 4, null ], [ $differences['assigned_to']['here'], $differences['assigned_to']['there'] ] );
	}

	/** @return string[] in the order of a ticket's fields, whatever the order they came in */
	private static function sorted( array $names ): array {
		return array_values( array_intersect( [ 'status', 'assigned_to', 'custom_fields.vip', 'custom_fields.score', 'custom_fields.none' ], $names ) );
	}

	public function testATableOfThem(): void {
		[ $id ] = $this->tickets( 1 );
		Plugin::patientClient()->update( $id, [ 'status' => 'pending' ] );
		self::assertSame( 1, $this->command( 'verify' ) );
		self::assertSaid( "desk | $id | status | open | pending | false" );
		self::assertSaid( 'Compared: 1. Agree: 0. Differ: 1.' );
	}

	public function testASubjectDoesNotSteerTheTerminal(): void {
		[ $id ] = $this->tickets( 1 );
		Plugin::patientClient()->update( $id, [ 'subject' => "\x1b]0;owned\x07\x1b[2J\u{202E}gpj" ] );
		self::assertSame( 1, $this->command( 'verify' ) );
		self::assertSaid( "desk | $id | subject | Ticket $id | ]0;owned [2J gpj | false" );
	}

	public function testATicketThatIsMissingThere(): void {
		$ids = $this->tickets( 2 );
		$new = self::newId();
		$this->desk->put( $new );
		$found = $this->verified();
		self::assertSame( [ 1, 1, 2 ], [ $found['code'], $found['missing'], $found['agree'] ] );
		self::assertSame( [ $new, 'ticket_id', null ], [ $found['differences'][0]['ticket'], $found['differences'][0]['field'], $found['differences'][0]['there'] ] );
	}

	public function testWhatOnlyWaitsIsTold(): void {
		$ids = $this->tickets( 2 );
		$this->desk->put( $ids[0], [ 'status' => 'closed' ] );
		( new Outbox() )->addTicket( 'desk', $ids[0], Outcome::undelivered( 'timeout', '' ) );
		( new Outbox() )->addTicket( 'other', $ids[1], Outcome::undelivered( 'timeout', '' ) );
		$found = $this->verified();
		self::assertSame( [ 1, 1, 1 ], [ $found['code'], $found['differ'], $found['waiting'] ] );
		self::assertTrue( array_column( $found['differences'], null, 'field' )['status']['waiting'] );
	}

	public function testWhatChangesWhileItIsComparedIsNoDifference(): void {
		[ $id ] = $this->tickets( 1 );
		$reads  = 0;
		// Another PHP request changes the ticket and delivers it, between the look at it here and there.
		$this->desk->beforeReading = function () use ( &$reads, $id ): void {
			if ( ++$reads === 2 ) {
				$this->desk->put( $id, [ 'status' => 'closed' ] );
			}
		};
		Plugin::patientClient()->update( $id, [ 'status' => 'closed' ] );
		self::assertSame( [ 0, 1 ], [ $this->verified()['code'], count( $this->desk->tickets ) ] );
		self::assertSame( 2, $reads );
	}

	public function testHowManyAreNotInMysqlYet(): void {
		$ids = $this->tickets( 3 );
		Plugin::patientClient()->flush( [ $ids[0], $ids[1] ] );
		self::assertSame( [ 0, 1 ], [ $this->verified()['code'], $this->verified()['not_mysql'] ] );
	}

	public function testManyDifferencesAreCountedAndSomeShown(): void {
		$ids = $this->tickets( 5 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id, [ 'status' => 'closed', 'assigned_to' => 4 ] );
		}
		$found = $this->verified( [ 'limit' => '2', 'batch' => '2' ] );
		self::assertSame( [ 5, 2 ], [ $found['differ'], count( $found['differences'] ) ] );
		self::assertSame( 1, $this->command( 'verify', [ 'format' => 'count' ] ) );
		self::assertSame( [ '5' ], \WP_CLI::$said );
	}

	public function testAHelpDeskIsChosen(): void {
		$this->tickets( 1 );
		$other = new Desk( 'other' );
		$other->put( 1 );
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->desk, $other ] );
		self::assertSame( [ 0, 1 ], [ $this->verified( [ 'bridge' => 'desk' ] )['code'], $this->verified( [ 'bridge' => 'desk' ] )['compared'] ] );
	}

	public function testAServiceThatIsAwayIsNotAnAgreement(): void {
		$this->tickets( 1 );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'verify' ) );
		self::assertSaid( 'The service did not return the tickets' );
		$this->use( ( new FaultyServer() )->url( 'good' ) );
		self::assertSame( 1, $this->command( 'verify' ) );
	}

	public function testATicketThatCannotBeReadThereIsCounted(): void {
		$this->desk->put( 7 );
		$this->use( ( new FaultyServer() )->url( 'unreadable' ) );
		$found = $this->verified();
		self::assertSame( [ 1, 1, 0 ], [ $found['code'], $found['unreadable'], $found['missing'] ] );
	}

	public function testAnIdThatTheServiceCannotHaveIsMissingThere(): void {
		$this->desk->put( 2 ** 53 );
		self::assertSame( [ 1, 1 ], [ $this->verified()['code'], $this->verified()['missing'] ] );
	}
}
