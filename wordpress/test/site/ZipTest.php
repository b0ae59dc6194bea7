<?php
namespace TicketMetadata\Test\Site;

/** The zip of `npm run plugin:zip`, uploaded to a site that has a help desk and not the plugin. */
final class ZipTest extends SiteTestCase {

	private const SOURCE = __DIR__ . '/../../ticket-metadata';

	private Site $target;

	protected function setUp(): void {
		parent::setUp();
		$this->target = Site::forUpload();
		// A help desk makes its tables when it is visited for the first time.
		$this->target->visit();
		$this->database->forget( getenv( 'UPLOAD_TABLE_PREFIX' ) );
		$this->database->beginAt( Database::newIds(), getenv( 'UPLOAD_TABLE_PREFIX' ) );
	}

	/** @return array<string, string> the checksum of each file, by its path in the directory */
	private static function files( string $directory ): array {
		$files = [];
		foreach ( new \RecursiveIteratorIterator( new \RecursiveDirectoryIterator( $directory, \FilesystemIterator::SKIP_DOTS ) ) as $file ) {
			$files[ substr( $file->getPathname(), strlen( $directory ) + 1 ) ] = md5_file( $file->getPathname() );
		}
		ksort( $files );
		return $files;
	}

	public function testItsNameSaysTheVersion(): void {
		preg_match( '/^ \* Version: +(\S+)$/m', file_get_contents( self::SOURCE . '/ticket-metadata.php' ), $version );
		self::assertSame( "ticket-metadata-$version[1].zip", basename( getenv( 'PLUGIN_ZIP' ) ) );
	}

	public function testWordPressInstallsActivatesAndReplacesIt(): void {
		$uploaded = $this->target->upload( getenv( 'PLUGIN_ZIP' ) );
		self::assertSame( [ true, 'ticket-metadata/ticket-metadata.php', null, true ], [ $uploaded['installed'], $uploaded['plugin'], $uploaded['refusal'], $uploaded['is_active'] ] );
		$expected = self::files( self::SOURCE ) + [ 'LICENSE' => md5_file( __DIR__ . '/../../../LICENSE' ) ];
		ksort( $expected );
		self::assertSame( $expected, self::files( $this->target->pluginDirectory( 'ticket-metadata' ) ) );

		$this->assertMirrors( 'From the zip' );
		self::assertSame( $uploaded, $this->target->upload( getenv( 'PLUGIN_ZIP' ) ), 'an update is an upload too' );
		$this->assertMirrors( 'After the update' );
	}

	private function assertMirrors( string $subject ): void {
		$page = $this->target->act( Step::create( 'awesome-support', $subject ) );
		self::assertSame( 200, $page->status, $page->body );
		[ $id ] = $page->created();
		$this->target->settle();
		self::assertSame( $subject, Service::tickets( [ $id ] )[ $id ]['subject'] ?? null );
		self::assertSame( [], $this->database->outbox( getenv( 'UPLOAD_TABLE_PREFIX' ) ) );
		self::assertStringNotContainsString( 'ticket-metadata', $this->target->log() );
	}
}
