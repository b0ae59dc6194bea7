<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Sender;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Plugin;

/** A help desk's tickets, brought to the real service as they stand. */
final class SenderTest extends SiteTestCase {

	/**
	 * @param int[] $ids
	 * @return array<int, Outcome>
	 */
	private function deliver( array $ids, array $newIds = [] ): array {
		return ( new Sender( Plugin::client() ) )->deliver( $this->desk, $ids, $newIds );
	}

	public function testATicketArrivesAsItStands(): void {
		$id = self::newId();
		$this->desk->put( $id, [ 'customer_id' => 8, 'subject' => 'Größe 🛒', 'status' => 'waiting', 'category' => 'Billing', 'priority' => 'High', 'channel' => 'email', 'assigned_to' => 9 ] );
		self::assertTrue( $this->deliver( [ $id ], [ $id ] )[ $id ]->isStored() );
		$ticket = $this->atService( $id );
		self::assertSame(
			[ 8, 'Größe 🛒', 'pending', 'Billing', 'High', 'email', 9, 1700000000 ],
			[ $ticket['customer_id'], $ticket['subject'], $ticket['status'], $ticket['category'], $ticket['priority'], $ticket['channel'], $ticket['assigned_to'], $ticket['created_at'] ]
		);

		$this->desk->put( $id, [ 'status' => 'closed', 'category' => null, 'priority' => '', 'channel' => null, 'assigned_to' => null ] );
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
		$ticket = $this->atService( $id );
		self::assertSame( [ 'closed', 1700000000 ], [ $ticket['status'], $ticket['created_at'] ] );
		self::assertSame( [], array_intersect( [ 'category', 'priority', 'channel', 'assigned_to' ], array_keys( $ticket ) ) );
	}

	public function testWhetherItIsNewIsFoundOut(): void {
		[ $known, $unknown ] = [ self::newId(), self::newId() ];
		ticket_metadata_write( $known, [ 'customer_id' => 1 ] );
		$this->desk->put( $known, [ 'status' => 'closed' ] );
		$this->desk->put( $unknown, [ 'status' => 'closed' ] );
		$outcomes = $this->deliver( [ $known, $unknown ], [ $known ] );
		self::assertSame( [ '', '' ], [ $outcomes[ $known ]->code, $outcomes[ $unknown ]->code ] );
		self::assertSame( [ 'closed', 'closed' ], [ $this->atService( $known )['status'], $this->atService( $unknown )['status'] ] );
	}

	/** As another PHP request would whose batch comes before this one's. */
	private function anotherChanges( int $id, array $ticket ): void {
		$this->desk->put( $id, $ticket );
		ticket_metadata_write( $id, array_intersect_key( $this->desk->tickets[ $id ], [ 'customer_id' => 1, 'subject' => 1, 'status' => 1 ] ) );
	}

	/** @return array<string, array{bool}> */
	public function knownOrNot(): array {
		return [
			'a new ticket' => [ false ],
			'an old one'   => [ true ],
		];
	}

	/** @dataProvider knownOrNot */
	public function testWhatAnotherRequestChangedMeanwhileIsSentToo( bool $isKnown ): void {
		$id = self::newId();
		$this->desk->put( $id );
		if ( $isKnown ) {
			ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		}
		$this->desk->afterReading = function ( array $ids, int $number ) use ( $id ): void {
			if ( $number === 1 ) {
				$this->anotherChanges( $id, [ 'status' => 'closed' ] );
			}
		};
		self::assertTrue( $this->deliver( [ $id ], $isKnown ? [] : [ $id ] )[ $id ]->isStored() );
		self::assertSame( 'closed', $this->atService( $id )['status'] );
		self::assertSame( 2, $this->desk->readings, 'nobody came between this request and itself' );
	}

	public function testWhereNobodyElseChangedItItIsNotReadAgain(): void {
		$id = self::newId();
		$this->desk->put( $id );
		self::assertTrue( $this->deliver( [ $id ], [ $id ] )[ $id ]->isStored() );
		// The change before is older than what was read then.
		usleep( 20000 );
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
		self::assertSame( 2, $this->desk->readings );
	}

	public function testAServiceThatDoesNotSayWhatWasBeforeIsMistrusted(): void {
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		$this->use( ( new FaultyServer() )->url( 'older-service' ) );
		$this->desk->put( $id );
		$this->desk->beforeReading = function ( array $ids, int $number ) use ( $id ): void {
			if ( $number === 2 ) {
				$this->desk->put( $id, [ 'status' => 'closed' ] );
			}
		};
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
		self::assertSame( 'closed', $this->atService( $id )['status'] );
	}

	public function testWhatChangesAllTheTimeIsLeftForLater(): void {
		[ $busy, $calm ] = [ self::newId(), self::newId() ];
		$this->desk->put( $calm );
		$this->desk->afterReading = function ( array $ids, int $number ) use ( $busy ): void {
			$this->anotherChanges( $busy, [ 'subject' => "Reading $number" ] );
		};
		$outcomes = $this->deliver( [ $busy, $calm ] );
		self::assertSame( [ 'still_changing', '' ], [ $outcomes[ $busy ]->code, $outcomes[ $calm ]->code ] );
		self::assertFalse( $outcomes[ $busy ]->isRefused );
	}

	public function testADeletedTicketIsClosed(): void {
		$id = self::newId();
		$this->desk->put( $id );
		$this->deliver( [ $id ], [ $id ] );
		$this->desk->tickets = [];
		$outcomes            = $this->deliver( [ $id, 4711 ] );
		self::assertSame( [ '', '' ], [ $outcomes[ $id ]->code, $outcomes[4711]->code ], 'one that nobody knows too' );
		$ticket = $this->atService( $id );
		self::assertSame( [ 'closed', true ], [ $ticket['status'], $ticket['custom_fields']['deleted'] ] );
	}

	/** @return int the id of a ticket that the service has, of a desk that knows what was deleted */
	private function ofDatedDesk(): int {
		$this->desk = new DatedDesk();
		$id         = self::newId();
		$this->desk->put( $id );
		$this->deliver( [ $id ], [ $id ] );
		return $id;
	}

	public function testWhatWasDeletedForGoodIsDeleted(): void {
		$id                  = $this->ofDatedDesk();
		$this->desk->tickets = [];
		$outcomes            = $this->deliver( [ $id, 4711 ] );
		self::assertSame( [ '', '' ], [ $outcomes[ $id ]->code, $outcomes[4711]->code ], 'one that nobody knows too' );
		self::assertSame( 410, Plugin::client()->get( $id )->status );
		self::assertFalse( ticket_metadata_get( $id ) );
		self::assertSame( [], $this->errors, 'that is a result' );
		self::assertSame( 1, $this->desk->readings - 1, 'nothing can have come in between' );
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
	}

	public function testWhatIsOnlyLeftOutIsClosed(): void {
		$id                  = $this->ofDatedDesk();
		$this->desk->tickets = [];
		$this->desk->hidden  = [ $id ];
		$this->deliver( [ $id ] );
		self::assertSame( [ 'closed', [ 'deleted' => true ] ], [ $this->atService( $id )['status'], $this->atService( $id )['custom_fields'] ] );
	}

	public function testWhatMayNotBeDeletedIsClosedAndDeletedLater(): void {
		$id                  = $this->ofDatedDesk();
		$this->desk->tickets = [];
		$this->use( ( new FaultyServer() )->url( 'service-with-lesser-key' ) );
		$outcomes = $this->deliver( [ $id, 4711 ] );
		self::assertSame( [ 'forbidden', true, '' ], [ $outcomes[ $id ]->code, $outcomes[ $id ]->isRefused, $outcomes[4711]->code ], 'there is nothing to be deleted of the other' );
		self::assertStringContainsString( 'erase', $outcomes[ $id ]->detail );
		$ticket = Plugin::client()->get( $id )->body;
		self::assertSame( [ 'closed', [ 'deleted' => true ] ], [ $ticket['status'], $ticket['custom_fields'] ] );
		self::assertSame( 'forbidden', $this->deliver( [ $id ] )[ $id ]->code );
		self::assertSame( $ticket['version'], Plugin::client()->get( $id )->body['version'], 'once is enough' );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
		self::assertSame( 410, Plugin::client()->get( $id )->status );
	}

	public function testAServiceThatKnowsNoDeletionClosesTheTicket(): void {
		$id                  = $this->ofDatedDesk();
		$this->desk->tickets = [];
		$this->use( ( new FaultyServer() )->url( 'service-before-deletion' ) );
		$outcome = $this->deliver( [ $id ] )[ $id ];
		self::assertSame( [ 'validation_failed', true ], [ $outcome->code, $outcome->isRefused ] );
		self::assertSame( [ 'closed', [ 'deleted' => true ] ], [ $this->atService( $id )['status'], $this->atService( $id )['custom_fields'] ] );
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored(), 'the next version of it' );
	}

	public function testWhatTheServiceDoesNotTakeAgainIsFinal(): void {
		[ $id, $other ] = [ $this->ofDatedDesk(), self::newId() ];
		$tickets             = $this->desk->tickets;
		$this->desk->tickets = [];
		$this->deliver( [ $id ] );
		// Another ticket of the same id, or an older state of the help desk.
		$this->desk->tickets = $tickets;
		$this->desk->put( $other );
		foreach ( [ [], [ $id, $other ] ] as $new ) {
			$outcomes = $this->deliver( [ $id, $other ], $new );
			self::assertSame( [ true, 'ticket_deleted', '' ], [ $outcomes[ $id ]->isFinal(), $outcomes[ $id ]->code, $outcomes[ $other ]->code ] );
		}
	}

	/** @return array<string, array{array, array, ?int, ?int}> ticket, dates, updated_at, closed_at; null: now */
	public function lives(): array {
		$closed = [ 'status' => 'closed' ];
		return [
			'closed, and changed since'   => [ $closed, [ 'updated_at' => 1700000900, 'closed_at' => 1700000500 ], 1700000900, 1700000500 ],
			'closed last'                 => [ $closed, [ 'updated_at' => 1700000100, 'closed_at' => 1700000500 ], 1700000500, 1700000500 ],
			'closed, nobody knows when'   => [ $closed, [ 'updated_at' => 1700000900, 'closed_at' => null ], 1700000900, 1700000900 ],
			'closed, only that is known'  => [ $closed, [ 'updated_at' => null, 'closed_at' => 1700000500 ], 1700000500, 1700000500 ],
			'closed before it was opened' => [ $closed, [ 'updated_at' => 1600000000, 'closed_at' => 1500000000 ], 1700000000, 1700000000 ],
			'open, and was closed before' => [ [], [ 'updated_at' => 1700000900, 'closed_at' => 1700000500 ], 1700000900, 0 ],
			'closed in the future'        => [ $closed, [ 'updated_at' => 1700000900, 'closed_at' => 4000000000 ], null, null ],
			'nothing is known'            => [ $closed, [ 'updated_at' => null, 'closed_at' => null ], null, null ],
			'opened in the future'        => [ $closed + [ 'created_at' => 4000000000 ], [ 'updated_at' => 1700000900, 'closed_at' => null ], null, null ],
			'nobody knows when opened'    => [ $closed + [ 'created_at' => null ], [ 'updated_at' => 1700000900, 'closed_at' => null ], null, null ],
		];
	}

	/** @dataProvider lives */
	public function testAnOldTicketKeepsItsDates( array $ticket, array $dates, ?int $updated, ?int $closed ): void {
		$this->desk          = new DatedDesk();
		[ $direct, $turned ] = [ self::newId(), self::newId() ];
		foreach ( [ $direct, $turned ] as $id ) {
			$this->desk->put( $id, $ticket );
			$this->desk->dates[ $id ] = $dates;
		}
		$this->deliver( [ $direct, $turned ], [ $direct ] );
		foreach ( [ $direct, $turned ] as $id ) {
			$there = $this->atService( $id );
			self::assertEqualsWithDelta( [ $updated ?? time(), $closed ?? time() ], [ $there['updated_at'], $there['closed_at'] ?? 0 ], 60 );
		}
		self::assertSame( 1, max( 1, $this->desk->datesAsked ), 'once for all' );
	}

	public function testAStatusThatClosesNothingThereIsNoObstacle(): void {
		$this->desk = new DatedDesk();
		$id         = self::newId();
		$this->use( getenv( 'SERVICE_URL' ), [ 'status_map' => [ 'closed' => 'on-hold' ] ] );
		$this->desk->put( $id, [ 'status' => 'closed' ] );
		$this->desk->dates[ $id ] = [ 'updated_at' => 1700000900, 'closed_at' => 1700000500 ];
		self::assertTrue( $this->deliver( [ $id ] )[ $id ]->isStored() );
		self::assertSame( [ 'on-hold', 1700000000 ], [ $this->atService( $id )['status'], $this->atService( $id )['created_at'] ] );
	}

	public function testARefusedOneHoldsUpNoOther(): void {
		[ $bad, $good ] = [ self::newId(), self::newId() ];
		$this->desk->put( $bad, [ 'assigned_to' => -1 ] );
		$this->desk->put( $good );
		$outcomes = $this->deliver( [ $bad, $good, PHP_INT_MAX ] );
		self::assertSame( [ 'validation_failed', true ], [ $outcomes[ $bad ]->code, $outcomes[ $bad ]->isRefused ] );
		self::assertTrue( $outcomes[ $good ]->isStored() );
		self::assertSame( [ 'id_out_of_range', true ], [ $outcomes[ PHP_INT_MAX ]->code, $outcomes[ PHP_INT_MAX ]->isRefused ] );
	}

	public function testTextIsMadeToFit(): void {
		$id = self::newId();
		$this->desk->put( $id, [ 'subject' => str_repeat( '🛒', 300 ), 'category' => str_repeat( 'ü', 100 ), 'priority' => "br\xffoken &amp; <b>" ] );
		self::assertSame( '', $this->deliver( [ $id ], [ $id ] )[ $id ]->detail );
		$ticket = $this->atService( $id );
		self::assertSame( [ str_repeat( '🛒', 255 ), str_repeat( 'ü', 64 ), "br\u{FFFD}oken &amp; <b>" ], [ $ticket['subject'], $ticket['category'], $ticket['priority'] ] );
	}

	public function testAGuestIsNoWordPressUser(): void {
		[ $guest, $nobody ] = [ self::newId(), self::newId() ];
		$this->desk->put( $guest, [ 'customer_id' => null, 'guest_id' => 12 ] );
		$this->desk->put( $nobody, [ 'customer_id' => null ] );
		$this->deliver( [ $guest, $nobody ] );
		self::assertSame( [ 1000000000012, 1000000000000 ], [ $this->atService( $guest )['customer_id'], $this->atService( $nobody )['customer_id'] ] );
	}

	/** @return array<string, array{array, string}> */
	public function maps(): array {
		return [
			'none: what the bridge says'  => [ [], 'pending' ],
			'by status'                   => [ [ 'waiting' => 'on-hold' ], 'on-hold' ],
			'of this help desk'           => [ [ 'waiting' => 'on-hold', 'desk:waiting' => 'resolved' ], 'resolved' ],
			'of another help desk'        => [ [ 'other:waiting' => 'resolved' ], 'pending' ],
		];
	}

	/** @dataProvider maps */
	public function testStatusesAreMapped( array $map, string $expected ): void {
		$id = self::newId();
		$this->use( getenv( 'SERVICE_URL' ), [ 'status_map' => $map ] );
		$this->desk->put( $id, [ 'status' => 'waiting' ] );
		$this->deliver( [ $id ] );
		self::assertSame( $expected, $this->atService( $id )['status'] );
	}

	public function testStatusesAreAskedForOnce(): void {
		$ids = range( 1, 5 );
		array_map( [ $this->desk, 'put' ], $ids );
		$this->use( ( new FaultyServer() )->url( 'batch' ) );
		$this->deliver( $ids );
		self::assertSame( 1, $this->desk->statusesAsked, 'a help desk may keep them in its database' );
	}

	public function testAStatusThatNobodyKnowsIsOpen(): void {
		$id = self::newId();
		$this->desk->put( $id, [ 'status' => 'escalated' ] );
		$this->deliver( [ $id ] );
		self::assertSame( 'open', $this->atService( $id )['status'] );
	}

	public function testASecondHelpDeskDoesNotMeetTheFirst(): void {
		self::assertSame( 7, TicketIds::toService( 'desk', 7 ) );
		$second = new Desk( 'second' );
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $second, $this->desk ] );
		self::assertSame( 100000000007, TicketIds::toService( 'second', 7 ) );
		self::assertSame( 7, TicketIds::toService( 'desk', 7 ), 'who was there first keeps its ids' );
		$this->expectException( \RangeException::class );
		TicketIds::toService( 'desk', 100000000001 );
	}
}
