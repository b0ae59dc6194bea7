<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\OutboxNotice;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Plugin;

/** What the administration says without being asked. */
final class OutboxNoticeTest extends AdminTestCase {

	private function noticeOn( string $screen ): string {
		set_current_screen( $screen );
		return self::shown( [ OutboxNotice::class, 'show' ] );
	}

	private function outbox( int $count, int $seconds = 0, ?Outcome $why = null ): void {
		global $wpdb;
		$outbox = new Outbox();
		for ( $id = 1; $id <= $count; $id++ ) {
			$outbox->addTicket( 'desk', $id, $why ?? Outcome::undelivered( 'timeout', 'Too late.' ) );
		}
		$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->prefix}ticket_metadata_outbox SET added_at = added_at - %d", $seconds ) );
	}

	public function testUsuallyItSaysNothingAndAsksNothing(): void {
		global $wpdb;
		self::assertSame( '', $this->noticeOn( 'dashboard' ), 'the first time it asks, and says so to later pages' );
		$before = $wpdb->num_queries;
		self::assertSame( [ '', '' ], [ $this->noticeOn( 'dashboard' ), $this->noticeOn( 'plugins' ) ] );
		self::assertSame( $before, $wpdb->num_queries );
	}

	public function testElsewhereItNeitherSaysNorAsksAnything(): void {
		global $wpdb;
		$this->outbox( 1, 700 );
		$before = $wpdb->num_queries;
		self::assertSame( '', $this->noticeOn( 'edit-post' ) );
		self::assertSame( $before, $wpdb->num_queries );
		self::assertNotSame( '', $this->noticeOn( 'settings_page_ticket-metadata' ) );
	}

	public function testWhatWaitsForLongIsSaid(): void {
		$this->outbox( 1, 540 );
		self::assertSame( '', $this->noticeOn( 'dashboard' ) );
		$this->outbox( 0, 120 );
		self::assertStringContainsString( 'notice-warning', $this->noticeOn( 'dashboard' ) );
	}

	public function testThatManyWaitIsSaid(): void {
		$this->outbox( 100 );
		self::assertSame( '', $this->noticeOn( 'dashboard' ) );
		$this->outbox( 101 );
		self::assertStringContainsString( '101 tickets are waiting', $this->noticeOn( 'dashboard' ) );
	}

	public function testWhatIsRefusedIsSaid(): void {
		$this->outbox( 1, 0, Outcome::refused( 'validation_failed', 'No.' ) );
		self::assertStringContainsString( 'notice-error', $this->noticeOn( 'dashboard' ) );
	}

	public function testWhatFoundNoRoomIsSaidWhenTheOutboxIsEmptyAgain(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 1 ] );
		$this->outbox( 2 );
		( new Outbox() )->remove( ( new Outbox() )->rows( 1 )[0] );
		self::assertStringContainsString( 'backfill', $this->noticeOn( 'dashboard' ) );
	}

	public function testSettingsThatCannotBeUsedAreSaid(): void {
		$this->use( '"><script>' );
		$notice = $this->noticeOn( 'dashboard' );
		self::assertStringContainsString( 'TICKET_METADATA_URL', $notice );
		self::assertStringNotContainsString( '<script', $notice );
	}

	public function testOnlyThoseSeeItWhoCanDoSomething(): void {
		$this->outbox( 1, 700 );
		self::becomeSubscriber();
		self::assertSame( '', $this->noticeOn( 'dashboard' ) );
	}

	public function testBeforeDeactivationItSaysThatTicketsWait(): void {
		$this->outbox( 1 );
		self::assertSame( '', $this->noticeOn( 'dashboard' ) );
		self::assertStringContainsString( 'If you deactivate', $this->noticeOn( 'plugins' ) );
	}

	public function testATableThatCannotBeReadEndsNoPage(): void {
		global $wpdb;
		new Outbox();
		$this->hook( 'query', static fn( string $query ): string => strpos( $query, 'EXISTS' ) !== false ? 'SELECT 1 FROM `<script>`' : $query );
		$wpdb->suppress_errors( true );
		$notice = $this->noticeOn( 'dashboard' );
		$wpdb->suppress_errors( false );
		self::assertStringContainsString( 'cannot be used', $notice );
		self::assertStringContainsString( '&lt;script&gt;', $notice );
		self::assertStringNotContainsString( '<script>', $notice );
	}
}
