<?php
namespace TicketMetadata\Test;

use PHPUnit\Framework\TestCase;
use TicketMetadata\Plugin;

/** What translators get. */
final class TranslationsTest extends TestCase {

	private const SCRIPT = __DIR__ . '/../../../scripts/wordpress-pot.php';

	/** @return array{int, string} its exit code and output */
	private static function run_script( string ...$arguments ): array {
		$command = implode( ' ', array_map( 'escapeshellarg', array_merge( [ PHP_BINARY, self::SCRIPT ], $arguments ) ) );
		exec( "$command 2>&1", $output, $code );
		return [ $code, implode( "\n", $output ) ];
	}

	/** A plugin of one file. */
	private static function plugin( string $code ): string {
		$directory = sys_get_temp_dir() . '/pot-' . bin2hex( random_bytes( 8 ) );
		mkdir( "$directory/languages", 0777, true );
		file_put_contents( "$directory/file.php", "<?php\n$code" );
		return $directory;
	}

	public function testTheTemplateIsWhatTheTextsAre(): void {
		self::assertSame( [ 0, '' ], self::run_script( '--check' ), 'npm run pot' );
	}

	public function testATextThatIsNotInItIsNoticed(): void {
		$directory = self::plugin( "__( 'First', 'ticket-metadata' );" );
		self::assertSame( 0, self::run_script( $directory )[0] );
		self::assertSame( 0, self::run_script( $directory, '--check' )[0] );
		file_put_contents( "$directory/file.php", "\n\n_x( 'Second', 'context', 'ticket-metadata' );", FILE_APPEND );
		self::assertSame( 1, self::run_script( $directory, '--check' )[0] );
		self::run_script( $directory );
		self::assertStringContainsString( "msgctxt \"context\"\nmsgid \"Second\"\nmsgstr \"\"", file_get_contents( "$directory/languages/ticket-metadata.pot" ) );
	}

	public function testPluralsAndPlacesAreToldToTranslators(): void {
		$directory = self::plugin( "/* translators: %s: a \"number\" */\n\$a = sprintf( _n( '%s it\\'s', \"%s \\\"they\\\"\\n\", \$n, 'ticket-metadata' ), f( [ 1, 2 ] ) );" );
		self::assertSame( [ 0, '' ], self::run_script( $directory ) );
		$template = file_get_contents( "$directory/languages/ticket-metadata.pot" );
		self::assertStringContainsString( "#. translators: %s: a \"number\"\n#: file.php\n#, php-format\nmsgid \"%s it's\"\nmsgid_plural \"%s \\\"they\\\"\\n\"\nmsgstr[0] \"\"\n", $template );
	}

	/** @return array<string, array{string, string}> */
	public function mistakes(): array {
		return [
			'another domain'       => [ "__( 'Text', 'other' );", 'domain' ],
			'no domain'            => [ "__( 'Text' );", 'domain' ],
			'a variable'           => [ '__( $text, "ticket-metadata" );', 'not written out' ],
			'a sum'                => [ "__( 'a' . 'b', 'ticket-metadata' );", 'not written out' ],
			'a place unexplained'  => [ "\n\n__( '%s tickets', 'ticket-metadata' );", 'translators are not told' ],
		];
	}

	/** @dataProvider mistakes */
	public function testWhatTranslatorsCouldNotUseIsRefused( string $code, string $reason ): void {
		[ $status, $output ] = self::run_script( self::plugin( $code ) );
		self::assertSame( 1, $status );
		self::assertStringContainsString( $reason, $output );
	}

	public function testATranslationIsLookedForInThePlugin(): void {
		$looked = [];
		$note   = static function ( string $file, string $domain ) use ( &$looked ): string {
			$looked[ $domain ][] = $file;
			return $file;
		};
		add_filter( 'load_textdomain_mofile', $note, 10, 2 );
		add_filter( 'plugin_locale', $german = static fn(): string => 'de_DE' );
		self::assertNotFalse( has_action( 'init', [ Plugin::class, 'loadTranslations' ] ) );
		Plugin::loadTranslations();
		remove_filter( 'plugin_locale', $german );
		remove_filter( 'load_textdomain_mofile', $note );
		self::assertContains( WP_PLUGIN_DIR . '/ticket-metadata/languages/ticket-metadata-de_DE.mo', $looked['ticket-metadata'] );
	}

	public function testTheReadmeSaysWhatThePluginIs(): void {
		$plugin = get_plugin_data( WP_PLUGIN_DIR . '/ticket-metadata/ticket-metadata.php', false, false );
		$readme = file_get_contents( WP_PLUGIN_DIR . '/ticket-metadata/readme.txt' );
		foreach ( [ "=== {$plugin['Name']} ===", "Stable tag: {$plugin['Version']}", "Requires at least: {$plugin['RequiresWP']}", "Requires PHP: {$plugin['RequiresPHP']}" ] as $line ) {
			self::assertStringContainsString( "$line\n", $readme );
		}
		self::assertSame( '/languages', $plugin['DomainPath'] );
		[ , $head ] = explode( "\n\n", $readme );
		self::assertLessThanOrEqual( 150, strlen( $head ), 'the short description' );
	}
}
