<?php
namespace TicketMetadata\Test;

use TicketMetadata\Changes\AtShutdown;
use TicketMetadata\Cli\Commands;

/** README.md and docs/: each block of PHP is an example that a test runs, and each command is run. */
final class DocumentationTest extends CommandTestCase {

	private const DIRECTORY = __DIR__ . '/../..';

	/** @return array<string, string> the text of each page, by its path */
	private static function pages(): array {
		$files = array_merge( [ self::DIRECTORY . '/README.md' ], glob( self::DIRECTORY . '/docs/*.md' ) );
		return array_combine( $files, array_map( 'file_get_contents', $files ) );
	}

	/** @return string[] the fenced blocks of a language, on all pages */
	private static function blocks( string $language ): array {
		preg_match_all( "/^```$language\n(.*?)^```\$/ms", implode( "\n", self::pages() ), $found );
		return $found[1];
	}

	private static function example( string $name ): string {
		return self::DIRECTORY . "/examples/$name.php";
	}

	public function testEachBlockOfPhpIsAnExample(): void {
		$examples = array_map( static fn( string $file ): string => substr( file_get_contents( $file ), strlen( "<?php\n" ) ), glob( self::DIRECTORY . '/examples/*.php' ) );
		$blocks   = self::blocks( 'php' );
		sort( $examples );
		sort( $blocks );
		self::assertNotSame( [], $blocks );
		self::assertSame( $examples, $blocks );
	}

	public function testTheFunctionsAtWork(): void {
		require_once self::example( 'my-desk' );
		$id = self::newId();
		self::assertSame( 'This ticket cannot be shown now.', my_desk_headline( $id ) );
		self::assertTrue( my_desk_opened( $id, 123, 'Where is my order?' ) );
		self::assertSame( "#$id: Where is my order? (open)", my_desk_headline( $id ) );
		self::assertTrue( my_desk_assigned( $id, 42 ) );
		self::assertSame( [ 123, 42 ], [ ticket_metadata_get( $id )['customer_id'], ticket_metadata_get( $id )['assigned_to'] ] );
		self::assertTrue( my_desk_assigned( $id, null ) );
		$ticket = ticket_metadata_get( $id );
		self::assertArrayNotHasKey( 'assigned_to', $ticket );
		self::assertNotSame( $ticket['version'], $ticket['synced_version'] );
		self::assertTrue( my_desk_is_in_mysql( $id ) );
		$ticket = ticket_metadata_get( $id );
		self::assertSame( $ticket['version'], $ticket['synced_version'] );
		self::assertSame( [], $this->errors );
	}

	public function testFindingAndCounting(): void {
		require_once self::example( 'my-desk-find' );
		$agent = random_int( 1000000, 2 ** 40 );
		$ids   = [ self::newId(), self::newId() ];
		foreach ( $ids as $number => $id ) {
			ticket_metadata_write( $id, [ 'customer_id' => 123, 'assigned_to' => $agent, 'created_at' => 1700000000 + $number ] );
		}
		self::assertSame( $ids, array_column( my_desk_tickets_of( $agent ), 'ticket_id' ) );
		$before = my_desk_unassigned();
		ticket_metadata_write( self::newId(), [ 'customer_id' => 123 ] );
		self::assertSame( $before + 1, my_desk_unassigned() );
		$this->use( getenv( 'NOBODY_URL' ) );
		self::assertSame( [], my_desk_tickets_of( $agent + 1 ) );
	}

	public function testDeferredChangesAreSentAtTheEndOfThePage(): void {
		require_once self::example( 'my-desk-deferred' );
		$id = self::newId();
		ticket_metadata_write( $id, [ 'customer_id' => 123, 'assigned_to' => 42 ] );
		my_desk_answered( $id );
		self::assertSame( 'open', ticket_metadata_get( $id )['status'] );
		AtShutdown::run();
		$ticket = ticket_metadata_get( $id );
		self::assertSame( 'pending', $ticket['status'] );
		self::assertIsInt( $ticket['custom_fields']['answered_at'] );
		my_desk_answered( $id );
		my_desk_closed( $id );
		AtShutdown::run();
		$ticket = ticket_metadata_get( $id );
		self::assertSame( 'closed', $ticket['status'], 'the last value of a field counts' );
		self::assertArrayNotHasKey( 'assigned_to', $ticket );
	}

	/**
	 * @runInSeparateProcess
	 * @preserveGlobalState disabled
	 */
	public function testErrorsCanBeLogged(): void {
		$log = tempnam( sys_get_temp_dir(), 'log' );
		ini_set( 'error_log', $log );
		require self::example( 'log-errors' );
		ticket_metadata_write( 7, [ 'customer_id' => 0 ] );
		$text = file_get_contents( $log );
		unlink( $log );
		self::assertStringContainsString( 'Ticket 7: validation_failed: ', $text );
	}

	/** @return array<string, array{string}> the commands for WP-CLI in all blocks */
	public function commands(): array {
		preg_match_all( '/^wp ticket-metadata .+$/m', implode( "\n", self::blocks( 'sh' ) ), $found );
		return array_combine( $found[0], array_map( static fn( string $line ): array => [ $line ], $found[0] ) );
	}

	/** @dataProvider commands */
	public function testACommand( string $line ): void {
		[ $name, $options ] = self::parse( $line );
		$comment            = ( new \ReflectionMethod( Commands::class, $name ) )->getDocComment();
		foreach ( array_keys( $options ) as $option ) {
			self::assertMatchesRegularExpression( "/^\t \\* \\[--$option(=<\\w+>)?\\]\$/m", $comment, 'WP-CLI knows the option' );
		}
		$id = self::newId();
		$this->desk->put( $id, [ 'customer_id' => 1, 'subject' => 'From the documentation', 'status' => 'waiting' ] );
		self::assertSame( 0, $this->command( 'backfill' ) );
		self::assertSame( 0, $this->command( $name, $options ), implode( "\n", \WP_CLI::$said ) );
	}

	/** @return array{string, array<string, string|bool>} the name of the command and its options */
	private static function parse( string $line ): array {
		[ , , $name, ] = explode( ' ', $line );
		preg_match_all( '/ --([a-z_-]+)(?:=(\S+))?/', $line, $found, PREG_SET_ORDER );
		$options = [];
		foreach ( $found as $option ) {
			$options[ $option[1] ] = $option[2] ?? true;
		}
		// The documentation names a help desk that everybody knows.
		return [ $name, array_replace( $options, isset( $options['bridge'] ) ? [ 'bridge' => 'desk' ] : [] ) ];
	}

	public function testEachCommandIsDescribed(): void {
		foreach ( [ 'status', 'replay', 'backfill', 'verify', 'find', 'counts' ] as $name ) {
			self::assertStringContainsString( "| `wp ticket-metadata $name` |", self::pages()[ self::DIRECTORY . '/docs/operating.md' ] );
		}
	}

	public function testEachSettingIsDescribed(): void {
		foreach ( \TicketMetadata\Config::names() as $name ) {
			$constant = \TicketMetadata\Config::constant( $name );
			self::assertStringContainsString( "| `$constant` |", self::pages()[ self::DIRECTORY . '/README.md' ] );
			self::assertStringContainsString( "`$constant`", file_get_contents( self::DIRECTORY . '/ticket-metadata/readme.txt' ) );
		}
	}

	public function testLinksLeadSomewhere(): void {
		$anchors = static function ( string $text ): array {
			preg_match_all( '/^#+ (.*)$/m', $text, $headings );
			return array_map( static fn( string $heading ): string => str_replace( ' ', '-', preg_replace( '/[^\w\- ]/', '', strtolower( $heading ) ) ), $headings[1] );
		};
		foreach ( self::pages() as $file => $text ) {
			preg_match_all( '/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/', $text, $links, PREG_SET_ORDER );
			foreach ( $links as $link ) {
				$target = $link[1] === '' ? $file : dirname( $file ) . '/' . $link[1];
				self::assertFileExists( $target );
				if ( isset( $link[2] ) ) {
					self::assertContains( $link[2], $anchors( file_get_contents( $target ) ), "$file: $link[0]" );
				}
			}
		}
	}
}
