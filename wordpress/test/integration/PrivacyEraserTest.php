<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\PrivacyEraser;
use TicketMetadata\Changes\Erased;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Sender;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Cli\ComparedTicket;
use TicketMetadata\Cli\ComparedTickets;
use TicketMetadata\Plugin;

/** Tools > Erase Personal Data. */
final class PrivacyEraserTest extends AdminTestCase {

	private int $customer;

	protected function setUp(): void {
		parent::setUp();
		// The service's erasures are of customers, so each test has its own.
		$this->customer = random_int( 1000000, 2 ** 40 );
	}

	protected function tearDown(): void {
		global $wpdb;
		delete_option( Erased::OPTION );
		$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE '\\_transient%ticket\\_metadata\\_erasure%'" );
		parent::tearDown();
	}

	/** @return int[] the ids of tickets of the customer, which the service has */
	private function tickets( int $count, array $ticket = [] ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( $ids as $id ) {
			$this->desk->put( $id, $ticket + [ 'customer_id' => $this->customer ] );
		}
		foreach ( ( new Sender( Plugin::patientClient() ) )->deliver( $this->desk, $ids ) as $outcome ) {
			self::assertTrue( $outcome->isStored(), $outcome->detail );
		}
		return $ids;
	}

	private static function erase( string $email = 'ann@example.test' ): array {
		// As WordPress's script does.
		for ( $page = 1; ; $page++ ) {
			$answer = PrivacyEraser::erase( $email, $page );
			self::assertSame( [ 'items_removed', 'items_retained', 'messages', 'done' ], array_keys( $answer ) );
			if ( $answer['done'] ) {
				return $answer;
			}
		}
	}

	private static function status( int $id ): int {
		return Plugin::patientClient()->get( $id )->status;
	}

	public function testTheServicesDataOfAPersonIsErased(): void {
		[ $first, $second ] = $this->tickets( 2 );
		$other              = self::newId();
		ticket_metadata_write( $other, [ 'customer_id' => $this->customer + 1 ] );
		$eraser = apply_filters( 'wp_privacy_personal_data_erasers', [] )['ticket-metadata'];
		self::assertNotSame( '', $eraser['eraser_friendly_name'] );
		$answer = self::erase();
		self::assertSame( [ true, false, true ], [ $answer['items_removed'], $answer['items_retained'], $answer['done'] ] );
		self::assertStringContainsString( 'in the help desk itself are not touched', implode( $answer['messages'] ) );
		self::assertSame( [ 410, 410, 200 ], array_map( [ self::class, 'status' ], [ $first, $second, $other ] ) );
	}

	public function testItComesBeforeTheHelpDesksOwn(): void {
		add_filter( 'wp_privacy_personal_data_erasers', $theirs = static fn( array $erasers ): array => $erasers + [ 'a-help-desk' => [] ], PHP_INT_MAX - 1 );
		self::assertSame( 'ticket-metadata', array_key_first( apply_filters( 'wp_privacy_personal_data_erasers', [] ) ) );
		remove_filter( 'wp_privacy_personal_data_erasers', $theirs, PHP_INT_MAX - 1 );
		self::assertSame( [ 'ticket-metadata' ], array_keys( PrivacyEraser::add( null ) ) );
	}

	public function testAGuestAndAUserAreErased(): void {
		$this->customer = TicketIds::ofGuest( random_int( 1, 2 ** 30 ) );
		[ $guest ]      = $this->tickets( 1, [ 'customer_id' => null, 'guest_id' => $this->customer - TicketIds::OF_A_SITE * get_current_blog_id() ] );
		$user           = wp_insert_user( [ 'user_login' => "u$guest", 'user_pass' => 'x', 'user_email' => "u$guest@example.test" ] );
		$written        = self::newId();
		ticket_metadata_write( $written, [ 'customer_id' => $user ] );
		self::assertTrue( self::erase( "u$guest@example.test" )['items_removed'] );
		self::assertSame( [ 410, 410 ], [ self::status( $guest ), self::status( $written ) ] );
	}

	public function testWhoIsNotKnownHasNothing(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		self::assertSame( [ 'items_removed' => false, 'items_retained' => false, 'messages' => [], 'done' => true ], PrivacyEraser::erase( 'nobody@example.test', 1 ) );
		self::assertSame( [], $server->seen() );
	}

	public function testNobodysTicketsAreNobodys(): void {
		$this->tickets( 1, [ 'customer_id' => null ] );
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		self::assertFalse( self::erase()['items_removed'] );
		self::assertSame( [], $server->seen(), 'of all people without a customer' );
	}

	public function testWhatTheHelpDeskStillHasIsNotSentAgain(): void {
		[ $id ] = $this->tickets( 1 );
		self::erase();
		$waiting = self::newId();
		$this->desk->put( $waiting, [ 'customer_id' => $this->customer ] );
		$later = self::newId();
		$this->desk->put( $later, [ 'customer_id' => $this->customer, 'created_at' => time() + 1 ] );
		$server = new FaultyServer();
		$this->use( $server->url( 'service' ) );
		$outcomes = ( new Sender( Plugin::patientClient() ) )->deliver( $this->desk, [ $id, $waiting, $later ] );
		self::assertSame( [ 'customer_erased', 'customer_erased', '' ], [ $outcomes[ $id ]->code, $outcomes[ $waiting ]->code, $outcomes[ $later ]->code ] );
		self::assertTrue( $outcomes[ $waiting ]->isFinal() );
		self::assertSame( [ [ $later ], [ $later ] ], $server->batches(), 'a later ticket is a new one' );
		$states = array_map( static fn( ComparedTicket $ticket ): string => $ticket->state, ( new ComparedTickets( Plugin::patientClient(), $this->desk ) )->compare( [ $id, $waiting, $later ] ) );
		self::assertSame( [ 'deleted', 'deleted', 'agree' ], array_values( $states ), 'that the service does not have them is right' );
	}

	public function testDeferredFieldsOfThePersonLeaveTheOutbox(): void {
		$this->tickets( 1 );
		$outbox = new Outbox();
		$late   = Outcome::undelivered( 'timeout', 'Too late.' );
		$outbox->addFields( 5, [ 'customer_id' => $this->customer, 'subject' => 'My name is Ann' ], $late );
		$outbox->addFields( 6, [ 'customer_id' => $this->customer + 1 ], $late );
		$outbox->addTicket( 'desk', 7, $late );
		self::assertTrue( self::erase()['items_removed'] );
		self::assertSame( [ 6, 7 ], array_map( static fn( $row ): int => $row->ticketId, $outbox->rows( 10 ) ) );
	}

	public function testItGoesOnPageByPageAndEnds(): void {
		$this->tickets( 1 );
		$server = new FaultyServer();
		$this->use( $server->url( 'erasure-waits' ) );
		$this->hook( 'ticket_metadata_erasure_page_ms', static fn(): int => 1 );
		for ( $page = 1; $page < 24; $page++ ) {
			self::assertSame( [ 'items_removed' => false, 'items_retained' => false, 'messages' => [], 'done' => false ], PrivacyEraser::erase( 'ann@example.test', $page ) );
		}
		$answer = PrivacyEraser::erase( 'ann@example.test', 24 );
		self::assertSame( [ false, true, true ], [ $answer['items_removed'], $answer['items_retained'], $answer['done'] ] );
		self::assertStringContainsString( 'GET /erasures/7; it waits for: mysql', $answer['messages'][0] );
		self::assertCount( 1, array_filter( $server->seen(), static fn( array $seen ): bool => $seen['method'] === 'POST' ), 'it is asked for once' );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'nobody there'         => [ '', 'could not be reached' ],
			'MySQL is unavailable' => [ 'erasure-refused', 'The reason of store_unavailable.' ],
			'the key may not'      => [ 'forbidden', 'lacks the scope erase' ],
			'an answer of its own' => [ 'erasure-odd', 'Something other than the service' ],
		];
	}

	/** @dataProvider failures */
	public function testWhatWasNotErasedIsSaid( string $behaviour, string $reason ): void {
		[ $id ] = $this->tickets( 1 );
		$this->use( $behaviour === '' ? getenv( 'NOBODY_URL' ) : ( new FaultyServer() )->url( $behaviour ) );
		$answer = self::erase();
		self::assertSame( [ false, true ], [ $answer['items_removed'], $answer['items_retained'] ] );
		self::assertStringContainsString( $reason, $answer['messages'][0] );
		$this->use( getenv( 'SERVICE_URL' ) );
		self::assertSame( 200, self::status( $id ) );
		self::assertTrue( ( new Sender( Plugin::patientClient() ) )->deliver( $this->desk, [ $id ] )[ $id ]->isStored(), 'it is sent as before' );
	}

	public function testOneThatCannotBeAskedHasBeenAcceptedAllTheSame(): void {
		$this->tickets( 1 );
		$this->use( ( new FaultyServer() )->url( 'erasure-unheard' ) );
		$this->hook( 'ticket_metadata_erasure_page_ms', static fn(): int => 1 );
		$answer = self::erase();
		self::assertTrue( $answer['items_retained'] );
		self::assertStringContainsString( 'has accepted the erasure', $answer['messages'][0] );
		self::assertStringContainsString( 'The reason of overloaded.', $answer['messages'][0] );
	}

	public function testWhatBridgesSayIsPlainText(): void {
		$this->desk->afterReading = static function (): void {
			throw new \RuntimeException( '<script>alert(1)</script>' );
		};
		$this->desk->put( 7 );
		$answer = self::erase();
		self::assertTrue( $answer['items_retained'] );
		self::assertStringContainsString( '&lt;script&gt;', $answer['messages'][0] );
	}
}
