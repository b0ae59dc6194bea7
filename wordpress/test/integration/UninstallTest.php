<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\Deactivation;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Changes\OutboxTable;
use TicketMetadata\Changes\Outcome;
use TicketMetadata\Changes\Schedule;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\Client;
use TicketMetadata\Plugin;

/** The plugin is deactivated and deleted. */
final class UninstallTest extends SiteTestCase {

	/** @return string[] what the database knows of the plugin */
	private static function traces(): array {
		global $wpdb;
		$like    = '%' . $wpdb->esc_like( 'ticket_metadata' ) . '%';
		$options = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $like ) );
		$tables  = $wpdb->get_col( $wpdb->prepare( 'SHOW TABLES LIKE %s', $like ) );
		$users   = $wpdb->get_col( $wpdb->prepare( "SELECT meta_key FROM $wpdb->usermeta WHERE meta_key LIKE %s", $like ) );
		$events  = strpos( (string) $wpdb->get_var( "SELECT option_value FROM $wpdb->options WHERE option_name = 'cron'" ), 'ticket_metadata' ) === false ? [] : [ 'an event' ];
		// As WordPress keeps which plugins there are.
		return array_values( array_diff( array_merge( $options, $tables, $users, $events ), [ 'active_plugins' ] ) );
	}

	/** Whatever the plugin ever stores. */
	private function useEverything(): void {
		$this->use( getenv( 'SERVICE_URL' ), [ 'outbox_max' => 1 ] );
		$outbox = new Outbox();
		$outbox->addTicket( 'desk', 1, Outcome::undelivered( 'timeout', '' ) );
		$outbox->addTicket( 'desk', 2, Outcome::undelivered( 'timeout', '' ) );
		Plugin::lastDelivery()->note();
		Client::state()->set( 'circuit', [ 'failures' => 5, 'retry_at' => 0 ], 60 );
		TicketIds::toService( 'desk', 1 );
		Schedule::begin();
		set_transient( 'ticket_metadata_of_a_later_version', 1, 60 );
	}

	/** A deactivated plugin records and sends nothing, and keeps its outbox. */
	public function testDeactivatedItKeepsWhatWaits(): void {
		$this->useEverything();
		Deactivation::run();
		self::assertNotContains( 'an event', self::traces() );
		self::assertContains( OutboxTable::name(), self::traces() );
		self::assertSame( 1, ( new Outbox() )->depth() );
	}

	public function testWordPressDeactivatesItSo(): void {
		$this->useEverything();
		do_action( 'deactivate_ticket-metadata/ticket-metadata.php', false );
		self::assertNotContains( 'an event', self::traces() );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testDeletedItLeavesNothing(): void {
		$this->useEverything();
		$traces = self::traces();
		foreach ( [ 'ticket_metadata', 'ticket_metadata_dropped', TicketIds::OPTION, 'ticket_metadata_outbox_version', 'ticket_metadata_state_circuit', 'ticket_metadata_state_delivered_at', '_transient_ticket_metadata_of_a_later_version', OutboxTable::name(), 'an event' ] as $trace ) {
			self::assertContains( $trace, $traces, 'there is something to be removed' );
		}
		$others = get_option( 'blogname' );
		update_option( 'ticketXmetadata_of_another_plugin', 1 );
		uninstall_plugin( 'ticket-metadata/ticket-metadata.php' );
		self::assertSame( [], self::traces() );
		wp_cache_flush();
		self::assertSame( [ $others, '1' ], [ get_option( 'blogname' ), get_option( 'ticketXmetadata_of_another_plugin' ) ] );
		delete_option( 'ticketXmetadata_of_another_plugin' );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testOfTwoHelpDesksItKeepsWhoseIdsAreWhich(): void {
		$this->useEverything();
		TicketIds::toService( 'another', 1 );
		uninstall_plugin( 'ticket-metadata/ticket-metadata.php' );
		self::assertSame( [ TicketIds::OPTION ], self::traces() );
		wp_cache_flush();
		self::assertSame( 100000000007, TicketIds::toService( 'another', 7 ) );
	}

	public function testNobodyElseCanRunIt(): void {
		$this->useEverything();
		$output = [];
		exec( escapeshellarg( PHP_BINARY ) . ' ' . escapeshellarg( WP_PLUGIN_DIR . '/ticket-metadata/uninstall.php' ) . ' 2>&1', $output, $code );
		self::assertSame( [ 0, [] ], [ $code, $output ] );
	}
}
