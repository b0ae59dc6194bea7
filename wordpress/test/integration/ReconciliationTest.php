<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Reconciliation;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Client\Client;
use TicketMetadata\Plugin;

/** Tickets that no page has sent. */
final class ReconciliationTest extends SiteTestCase {

	public function testAChangeWhosePageWasKilledArrives(): void {
		[ $changed, $new, $same ] = [ self::newId(), self::newId(), self::newId() ];
		foreach ( [ $changed, $same ] as $id ) {
			$this->desk->put( $id );
			ticket_metadata_write( $id, $this->desk->tickets[ $id ] );
		}
		$before = $this->atService( $same )['version'];
		// As if the page had been killed: nobody says that these changed.
		$this->desk->put( $changed, [ 'status' => 'closed' ] );
		$this->desk->put( $new );
		Schedule::run();
		self::assertSame( [ 'closed', 'open', $before ], [ $this->atService( $changed )['status'], $this->atService( $new )['status'], $this->atService( $same )['version'] ] );
		self::assertSame( 0, Reconciliation::run(), 'and that once' );
		self::assertSame( [], $this->errors );
	}

	public function testWhatWasDeletedInTheServiceIsTriedOnceADay(): void {
		$id = self::newId();
		$this->desk->put( $id );
		ticket_metadata_write( $id, [ 'customer_id' => 1 ] );
		Plugin::patientClient()->batch( [ [ 'op' => 'delete', 'ticket_id' => $id ] ] );
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		Reconciliation::run();
		$tries = count( $server->batches() );
		self::assertGreaterThan( 0, $tries );
		Reconciliation::run();
		self::assertCount( $tries, $server->batches() );
		$state = Client::state();
		$state->set( 'tombstones_desk', array_map( static fn( int $at ): int => $at - 86401, $state->get( 'tombstones_desk' ) ), 60 );
		Reconciliation::run();
		self::assertCount( 2 * $tries, $server->batches(), 'a tombstone expires' );
		self::assertSame( [], $this->errors );
	}

	public function testItGoesThroughAllTicketsAndBeginsAgain(): void {
		$first = self::newId();
		foreach ( range( $first, $first + 500 ) as $id ) {
			$this->desk->put( $id );
		}
		self::assertSame( [ 500, 1, 0 ], [ Reconciliation::run(), Reconciliation::run(), Reconciliation::run() ] );
		$this->desk->put( $first, [ 'status' => 'closed' ] );
		self::assertSame( [ 0, 1 ], [ Reconciliation::run(), Reconciliation::run() ] );
	}

	public function testASmallSiteWritesNothing(): void {
		global $wpdb;
		$this->desk->put( self::newId() );
		Reconciliation::run();
		$writes = 0;
		$this->hook(
			'query',
			static function ( string $query ) use ( &$writes ): string {
				$writes += preg_match( '/^\s*(INSERT|UPDATE|DELETE|REPLACE)/', $query );
				return $query;
			}
		);
		Reconciliation::run();
		self::assertSame( 0, $writes );
		self::assertNull( Client::state()->get( 'reconciled' ) );
	}

	public function testWhatWaitsKeepsItsTime(): void {
		$id = self::newId();
		$this->desk->put( $id );
		( new Outbox() )->addTicket( 'desk', $id, Outcome::refused( 'validation_failed', 'No.' ) );
		self::assertSame( 0, Reconciliation::run() );
		self::assertFalse( $this->atService( $id ) );
	}

	public function testAServiceThatCannotTellGetsNothing(): void {
		$this->desk->put( self::newId() );
		foreach ( [ 'batch-without-redis', 'batch' ] as $behaviour ) {
			$server = new FaultyServer();
			$this->use( $server->url( $behaviour ) );
			self::assertSame( 0, Reconciliation::run() );
			self::assertSame( [], $server->batches(), "$behaviour: what it has cannot be known" );
		}
	}

	public function testASwitchedOffPluginComparesNothing(): void {
		$id = self::newId();
		$this->desk->put( $id );
		$this->use( getenv( 'SERVICE_URL' ), [ 'disabled' => true ] );
		Schedule::run();
		Plugin::forgetClient();
		self::assertFalse( $this->atService( $id ) );
	}
}
