<?php
namespace TicketMetadata\Test;

/** `wp ticket-metadata find` and `counts` */
final class FindCommandTest extends CommandTestCase {

	private string $customer;

	/** @var int[] */
	private array $ids;

	/** @param array[] $tickets */
	private function tickets( array ...$tickets ): void {
		$this->customer = (string) random_int( 1000000, 2 ** 40 );
		$this->ids      = [];
		foreach ( $tickets as $number => $ticket ) {
			$this->ids[] = $id = self::newId();
			self::assertTrue( ticket_metadata_write( $id, $ticket + [ 'customer_id' => (int) $this->customer, 'created_at' => 1700000000 + $number ] ) );
		}
	}

	private function find( array $options ): int {
		return $this->command( 'find', $options + [ 'customer_id' => $this->customer, 'sort' => 'created_at' ] );
	}

	public function testATable(): void {
		$this->tickets( [ 'subject' => "Where\x1b[31m is it?", 'assigned_to' => 7 ], [ 'status' => 'closed' ] );
		self::assertSame( 0, $this->find( [ 'status' => 'open', 'assigned_to' => '7' ] ) );
		self::assertCount( 1, \WP_CLI::$said );
		self::assertMatchesRegularExpression( "/^{$this->ids[0]} \\| open \\|  \\| 7 \\| $this->customer \\| Where \\[31m is it\\? \\| 1700000000 \\| \\d+\$/D", \WP_CLI::$said[0] );
	}

	public function testFieldsAreChosen(): void {
		$this->tickets( [ 'custom_fields' => [ 'vip' => true ], 'category' => 'Billing' ] );
		self::assertSame( 0, $this->find( [ 'fields' => 'ticket_id,category, custom_fields.vip,custom_fields.none,closed_at', 'format' => 'csv' ] ) );
		self::assertSame( [ "{$this->ids[0]} | Billing | true |  | " ], \WP_CLI::$said );
		self::assertSame( 1, $this->find( [ 'fields' => 'colour' ] ) );
		self::assertSaid( 'There is no field colour.' );
	}

	public function testIdsAndTheirNumber(): void {
		$this->tickets( [], [ 'status' => 'pending' ], [ 'status' => 'closed' ] );
		self::assertSame( 0, $this->find( [ 'status' => 'open,pending', 'format' => 'ids' ] ) );
		self::assertSame( [ "{$this->ids[0]} {$this->ids[1]}" ], \WP_CLI::$said );
		self::assertSame( 0, $this->find( [ 'format' => 'count' ] ) );
		self::assertSame( [ '3' ], \WP_CLI::$said );
		self::assertSame( 0, $this->find( [ 'format' => 'ids', 'limit' => '1' ] ) );
		self::assertSame( [ (string) $this->ids[0] ], \WP_CLI::$said );
		self::assertSame( 0, $this->find( [ 'format' => 'count', 'priority' => 'none such' ] ) );
		self::assertSame( [ '0' ], \WP_CLI::$said );
	}

	public function testAllPagesAreRead(): void {
		$this->tickets( ...array_fill( 0, 101, [] ) );
		self::assertSame( 0, $this->find( [ 'format' => 'ids' ] ) );
		self::assertSame( implode( ' ', $this->ids ), \WP_CLI::$said[0] );
		self::assertSame( 0, $this->find( [ 'format' => 'count', 'limit' => '100' ] ) );
		self::assertSame( [ '100' ], \WP_CLI::$said );
	}

	public function testAnEmptyPageIsNotTheEndAndThatSomethingIsMissingIsSaid(): void {
		$server = new FaultyServer();
		$this->use( $server->url( 'page-by-page' ) );
		self::assertSame( 0, $this->command( 'find', [ 'format' => 'ids', 'partial' => true ] ) );
		self::assertSame( [ 'Warning: The list is incomplete. The service could not ask, or not for all tickets: mysql.', '7' ], \WP_CLI::$said );
		self::assertStringContainsString( 'partial=true', $server->seen()[1]['path'] );
	}

	public function testForPrograms(): void {
		$this->tickets( [ 'subject' => "Größe\t🛒", 'custom_fields' => [ 'vip' => true ] ] );
		self::assertSame( 0, $this->find( [ 'format' => 'json', 'fields' => 'subject,custom_fields,assigned_to' ] ) );
		self::assertSame( [ 'Größe	🛒', [ 'vip' => true ], null ], self::json() );
	}

	public function testCounts(): void {
		$this->tickets( [ 'assigned_to' => 7 ], [ 'assigned_to' => 7 ], [] );
		self::assertSame( 0, $this->command( 'counts', [ 'customer_id' => $this->customer ] ) );
		self::assertSame( [ 'open | 3' ], \WP_CLI::$said );
		self::assertSame( 0, $this->command( 'counts', [ 'customer_id' => $this->customer, 'group_by' => 'assigned_to' ] ) );
		self::assertEqualsCanonicalizing( [ '7 | 2', 'none | 1' ], \WP_CLI::$said );
	}

	public function testWhyItFailedIsSaid(): void {
		self::assertSame( 1, $this->command( 'find', [ 'status' => 'snoozed' ] ) );
		self::assertSaid( 'The service did not answer: validation_failed.' );
		self::assertSame( 1, $this->command( 'find', [ 'limit' => '0' ] ) );
		self::assertSaid( '--limit must be a whole number' );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( 1, $this->command( 'counts' ) );
		self::assertSaid( 'network_error' );
	}
}
