<?php
namespace TicketMetadata\Test\Site;

require_once __DIR__ . '/OnePageTest.php';

/** The same pages with write combining: what the service and the help desk have is the same. */
final class CombinedPageTest extends OnePageTest {

	protected function setUp(): void {
		parent::setUp();
		$this->site->keep( [ 'TICKET_METADATA_COMBINE_WRITES' => true ] );
	}

	protected function tearDown(): void {
		$this->site->keep( [] );
		parent::tearDown();
	}

	/** What the server is asked for is less. */
	public function testItIsOn(): void {
		$steps = [ Step::create( 'awesome-support', 'Counted' ), Step::change( 'awesome-support', 'assign', null, Step::AGENTS[0] ), Step::change( 'awesome-support', 'close' ) ];
		$writes = function () use ( $steps ): int {
			$before = $this->database->writes();
			self::assertCount( 1, $this->site->act( ...$steps )->created() );
			$this->site->settle();
			return $this->database->writes() - $before;
		};
		// So that nothing but the page writes.
		$this->site->configure( [ 'TICKET_METADATA_DISABLED' => true ] );
		$combined = $writes();
		$this->site->keep( [] );
		$this->site->configure( [ 'TICKET_METADATA_DISABLED' => true ] );
		self::assertLessThan( $writes(), $combined );
	}
}
