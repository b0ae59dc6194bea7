<?php
namespace TicketMetadata\Test;

use TicketMetadata\Admin\PrivacyExporter;
use TicketMetadata\Admin\PrivacyPolicy;

/** What is known of a person, and what a site may say of it. */
final class PrivacyTest extends AdminTestCase {

	/** @return int[] the ids of a number of tickets in the service */
	private function tickets( int $count ): array {
		$first = self::newId();
		$ids   = range( $first, $first + $count - 1 );
		foreach ( array_chunk( $ids, 500 ) as $some ) {
			$create  = static fn( int $id ): array => [ 'op' => 'create', 'ticket_id' => $id, 'customer_id' => 3, 'subject' => "Ticket $id", 'custom_fields' => [ 'vip' => true ], 'created_at' => 1700000000 ];
			$answer  = \TicketMetadata\Plugin::patientClient()->batch( array_map( $create, $some ) );
			self::assertSame( 200, $answer->status, $answer->detail() );
		}
		foreach ( $ids as $id ) {
			$this->desk->put( $id );
		}
		return $ids;
	}

	private static function valuesOf( array $item ): array {
		return array_column( $item['data'], 'value', 'name' );
	}

	public function testTheServicesDataOfAPersonsTicketsAreExported(): void {
		[ $id ]   = $this->tickets( 1 );
		$exporter = apply_filters( 'wp_privacy_personal_data_exporters', [] )['ticket-metadata'];
		$export   = $exporter['callback']( 'ann@example.test', 1 );
		self::assertTrue( $export['done'] );
		self::assertCount( 1, $export['data'] );
		self::assertSame( "ticket-metadata-$id", $export['data'][0]['item_id'] );
		$values = self::valuesOf( $export['data'][0] );
		self::assertSame( [ (string) $id, '3', "Ticket $id", 'true', '2023-11-14 22:13:20 UTC' ], [ $values['ticket_id'], $values['customer_id'], $values['subject'], $values['custom_fields.vip'], $values['created_at'] ] );
	}

	public function testWhoHasNoTicketsHasNoData(): void {
		$this->tickets( 1 );
		self::assertSame( [ 'data' => [], 'done' => true ], PrivacyExporter::export( 'nobody@example.test', 1 ) );
	}

	public function testManyArePaged(): void {
		$ids   = $this->tickets( 201 );
		$found = [];
		for ( $page = 1; $page <= 3; $page++ ) {
			$export = PrivacyExporter::export( 'ann@example.test', $page );
			self::assertSame( [ $page === 3, $page === 3 ? 1 : 100 ], [ $export['done'], count( $export['data'] ) ] );
			foreach ( $export['data'] as $item ) {
				$found[] = (int) self::valuesOf( $item )['ticket_id'];
			}
		}
		self::assertSame( $ids, $found );
	}

	public function testAFullLastPageIsTheLast(): void {
		$this->tickets( 100 );
		self::assertTrue( PrivacyExporter::export( 'ann@example.test', 1 )['done'] );
	}

	public function testTicketsOfSeveralHelpDesksAreAllThere(): void {
		$this->tickets( 2 );
		$other = new Desk( 'other' );
		$this->hook( 'ticket_metadata_bridges', fn(): array => [ $this->desk, $other ] );
		$this->desk->tickets = array_combine( [ 1, 2 ], array_values( $this->desk->tickets ) );
		$other->put( 1 );
		$ids    = [ 1, 2, 100000000001 ];
		foreach ( $ids as $id ) {
			\TicketMetadata\Plugin::patientClient()->create( $id, [ 'customer_id' => 3 ] );
		}
		$export = PrivacyExporter::export( 'ann@example.test', 1 );
		self::assertSame( $ids, array_map( static fn( array $item ): int => (int) self::valuesOf( $item )['ticket_id'], $export['data'] ) );
	}

	/** @return array<string, array{string, string}> */
	public function failures(): array {
		return [
			'nobody there'          => [ '', 'could not be reached' ],
			'an answer of its own'  => [ 'good', 'HTTP status 200' ],
			'a ticket unreadable'   => [ 'unreadable', 'cannot read some' ],
			'the service in need'   => [ 'overloaded', 'The reason of overloaded' ],
		];
	}

	/** @dataProvider failures */
	public function testAnExportThatWouldBeIncompleteFails( string $behaviour, string $reason ): void {
		$this->tickets( 1 );
		$this->use( $behaviour === '' ? getenv( 'NOBODY_URL' ) : ( new FaultyServer() )->url( $behaviour ) );
		$export = PrivacyExporter::export( 'ann@example.test', 1 );
		self::assertInstanceOf( \WP_Error::class, $export );
		self::assertStringContainsString( 'incomplete', $export->get_error_message() );
		self::assertStringContainsString( $reason, $export->get_error_message() );
	}

	public function testABridgesMistakeFailsTheExportToo(): void {
		$this->desk->put( 2 ** 53 );
		self::assertInstanceOf( \WP_Error::class, PrivacyExporter::export( 'ann@example.test', 1 ) );
	}

	public function testAPolicyIsSuggested(): void {
		set_current_screen( 'dashboard' );
		$before                              = $GLOBALS['wp_actions']['admin_init'] ?? null;
		$GLOBALS['wp_actions']['admin_init'] = 1;
		PrivacyPolicy::suggest();
		$GLOBALS['wp_actions']['admin_init'] = $before;
		$suggested = \WP_Privacy_Policy_Content::get_suggested_policy_text();
		self::assertContains( 'Ticket Metadata', array_column( $suggested, 'plugin_name' ) );
		self::assertStringContainsString( 'are not sent', implode( array_column( $suggested, 'policy_text' ) ) );
	}
}
