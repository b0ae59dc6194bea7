<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;

/** Pages with write combining, each a PHP process of its own, that end in each way that there is. */
final class KilledPageTest extends TestCase {

	private \mysqli $mysqli;

	protected function setUp(): void {
		$this->mysqli = $GLOBALS['wpdb']->dbh;
		DeskTables::clear( $this->mysqli );
	}

	protected function tearDown(): void {
		DeskTables::clear( $this->mysqli );
		wp_cache_flush();
	}

	/** @return array{int, string} exit status, or minus the signal; output */
	private static function page( array $environment ): array {
		$pipes   = [];
		$process = proc_open( [ PHP_BINARY, '-d', 'error_log=/dev/null', '-d', 'display_errors=0', __DIR__ . '/pages/combined.php' ], [ 1 => [ 'pipe', 'w' ], 2 => [ 'pipe', 'w' ] ], $pipes, null, $environment + getenv() );
		$output  = stream_get_contents( $pipes[1] );
		stream_get_contents( $pipes[2] );
		// proc_close() does not tell a signal.
		do {
			$status = proc_get_status( $process );
		} while ( $status['running'] );
		proc_close( $process );
		return [ $status['signaled'] ? -$status['termsig'] : $status['exitcode'], $output ];
	}

	public function testAPageThatIsKilledLeavesWhatItCouldHaveLeftWithoutCombining(): void {
		[ , $recorded ] = self::page( [ 'COMBINE' => '0', 'DO' => 'whole', 'RECORD' => '1' ] );
		$states         = [];
		foreach ( explode( "\n", trim( $recorded ) ) as $line ) {
			foreach ( json_decode( $line, true ) as $table => $state ) {
				$states[ $table ][ $state ] = true;
			}
		}
		$final = DeskTables::states( $this->mysqli );
		$writes = substr_count( $recorded, "\n" ) - 1;
		self::assertGreaterThan( 12, count( $states['postmeta'] ), 'a life with many changes' );
		$killed = 0;
		do {
			DeskTables::clear( $this->mysqli );
			[ $status ] = self::page( [ 'COMBINE' => '1', 'DO' => 'whole', 'KILL' => (string) ++$killed ] );
			$left       = DeskTables::states( $this->mysqli );
			foreach ( $left as $table => $state ) {
				self::assertArrayHasKey( $state, $states[ $table ], "$table, killed before the write $killed" );
			}
			self::assertSame( 0, DeskTables::orphans( $this->mysqli ), "killed before the write $killed" );
		} while ( $status === -SIGKILL );
		self::assertSame( [ 0, $final ], [ $status, $left ] );
		// The last one was not killed, because there was no such write.
		self::assertGreaterThan( 10, $killed );
		self::assertLessThan( 0.7 * $writes, $killed - 1, 'fewer writes than without combining' );
	}

	public function ends(): array {
		$ends = [ '', 'exit', 'redirect', 'die', 'throw', 'fatal', 'time', 'exit in shutdown', 'killed in shutdown', 'exit before shutdown', 'time without the hook' ];
		return array_combine( $ends, array_map( static fn( string $end ): array => [ $end ], $ends ) );
	}

	/** @dataProvider ends */
	public function testHoweverAPageEndsItsWritesAreMade( string $end ): void {
		foreach ( [ 'opened', 'openedLate' ] as $what ) {
			DeskTables::clear( $this->mysqli );
			self::page( [ 'COMBINE' => '1', 'DO' => $what, 'END' => $end ] );
			self::assertStringContainsString( '"last","written"', DeskTables::states( $this->mysqli )['postmeta'], $what );
		}
	}

	public function testSomeMemoryIsLeftForThem(): void {
		self::page( [ 'COMBINE' => '1', 'DO' => 'large', 'END' => 'memory' ] );
		self::assertStringContainsString( '"large","xxx', DeskTables::states( $this->mysqli )['postmeta'] );
	}

	public function testItIsWrittenBeforeTheAnswerLeaves(): void {
		[ $status ] = self::page( [ 'COMBINE' => '1', 'DO' => 'said', 'END' => 'sent' ] );
		self::assertSame( -SIGKILL, $status );
		self::assertStringContainsString( '"last","written"', DeskTables::states( $this->mysqli )['postmeta'] );
	}

	public function testWhatChangesAtTheVeryEndIsWrittenAtOnce(): void {
		self::page( [ 'COMBINE' => '1', 'DO' => 'opened', 'END' => 'late' ] );
		self::assertStringContainsString( '"late","written"', DeskTables::states( $this->mysqli )['postmeta'] );
	}
}
