<?php
namespace TicketMetadata\Test\Site;

/** A site, as visitors and those who run it see it. */
final class Site {

	private string $url;

	private string $host;

	/** Of the site in its network. */
	private string $path;

	private string $directory;

	/** @var array<string, mixed> constants of wp-config.php that stay whatever a test configures */
	private array $kept = [];

	private function __construct( string $url, string $host, string $path, string $directory ) {
		$this->url       = $url;
		$this->host      = $host;
		$this->path      = $path;
		$this->directory = $directory;
	}

	public static function behindNginx(): self {
		return new self( getenv( 'SITE_URL' ), getenv( 'SITE_HOST' ), '/', getenv( 'SITE_DIRECTORY' ) );
	}

	/** The same one. There PHP cannot end the answer before the script. */
	public static function behindPhpServer(): self {
		return new self( getenv( 'PHP_SERVER_URL' ), getenv( 'SITE_HOST' ), '/', getenv( 'SITE_DIRECTORY' ) );
	}

	public static function ofNetwork( string $path ): self {
		return new self( getenv( 'SITE_URL' ), getenv( 'NETWORK_HOST' ), $path, getenv( 'NETWORK_DIRECTORY' ) );
	}

	/** Without the plugin until a test uploads it. */
	public static function forUpload(): self {
		return new self( getenv( 'SITE_URL' ), getenv( 'UPLOAD_HOST' ), '/', getenv( 'UPLOAD_DIRECTORY' ) );
	}

	public function visit( string $query = '' ): Page {
		return Http::one( $this->call( $query ) );
	}

	/** A page on which all this is done. */
	public function act( array ...$steps ): Page {
		return Http::one( $this->acting( $steps ) );
	}

	/** @param array[] $steps */
	public function acting( array $steps, string $way = '?act' ): array {
		return [ 'method' => 'POST', 'body' => json_encode( [ 'steps' => $steps ] ), 'headers' => [ 'Content-Type: application/json' ] ] + $this->call( $way );
	}

	/** @return array<int, array> what the help desk has, by its ids: see mu-plugins/act/Desk.php */
	public function tickets( string $desk ): array {
		return array_column( $this->visit( "?look=$desk" )->json(), null, 'id' );
	}

	/** Lets WP-Cron come, as the host's own cron does, and waits until it has gone. */
	public function cron(): void {
		$this->visit( '?make-cron-due' );
		$this->visit( 'wp-cron.php?doing_wp_cron' );
		$this->settle();
	}

	/** Has no PHP process anything to do any more? What a page does after its answer is over then. */
	public function settle(): void {
		SiteTestCase::until(
			static function (): bool {
				$all  = Http::one( [ 'url' => getenv( 'SITE_URL' ) . '/workers?json&full' ] )->json()['processes'];
				$busy = array_filter( $all, static fn( array $worker ): bool => $worker['state'] !== 'Idle' );
				// One of them tells this.
				return count( $busy ) === 1;
			},
			'all PHP processes are idle'
		);
	}

	/** @return array what came of a replay on the command line */
	public function replay(): array {
		return $this->run( 'replay.php' );
	}

	/** @return array{code: int, said: string[]} of one of the plugin's commands */
	public function command( string $name, array $options = [] ): array {
		return $this->run( 'command.php', $name, json_encode( (object) $options ) );
	}

	/** @return array what WordPress's own upgrader says of a zip, and of the plugin that it activates then */
	public function upload( string $zip ): array {
		return $this->run( 'upload.php', $zip );
	}

	/** @return string where a plugin of the site lies */
	public function pluginDirectory( string $name ): string {
		return "$this->directory/wp-content/plugins/$name";
	}

	/** @return array what a script of the command line says */
	private function run( string $script, string ...$arguments ): array {
		$command = [ PHP_BINARY, dirname( __DIR__ ) . "/cli/$script", $this->directory, $this->host, $this->path, ...$arguments ];
		exec( implode( ' ', array_map( 'escapeshellarg', $command ) ), $lines, $status );
		if ( $status !== 0 ) {
			throw new \RuntimeException( implode( "\n", $lines ) );
		}
		return json_decode( implode( "\n", $lines ), true, 512, JSON_THROW_ON_ERROR );
	}

	/** A browser that does not wait for its page: it hangs up as soon as the page has come to a meeting. */
	public function actUnheard( string $meeting, array ...$steps ): void {
		$call   = $this->acting( $steps );
		$server = parse_url( $this->url );
		$socket = stream_socket_client( "tcp://{$server['host']}:{$server['port']}" );
		$length = strlen( $call['body'] );
		fwrite( $socket, "POST {$this->path}?act HTTP/1.1\r\nHost: $this->host\r\nContent-Type: application/json\r\nContent-Length: $length\r\n\r\n{$call['body']}" );
		SiteTestCase::until( fn(): bool => is_dir( "$this->directory/meetings/$meeting" ) && count( scandir( "$this->directory/meetings/$meeting" ) ) > 2, 'the page has come to the meeting' );
		fclose( $socket );
	}

	/** @param array<string, mixed> $constants of wp-config.php, until the next time; null: without it */
	public function configure( array $constants ): void {
		$file = "$this->directory/changed.json";
		file_put_contents( "$file.new", json_encode( (object) ( $constants + $this->kept ) ) );
		rename( "$file.new", $file );
	}

	/** @param array<string, mixed> $constants of wp-config.php, for the whole test */
	public function keep( array $constants ): void {
		$this->kept = $constants;
		$this->configure( [] );
	}

	/** @return string what PHP and WordPress have to say */
	public function log(): string {
		$file = "$this->directory/debug.log";
		return is_file( $file ) ? file_get_contents( $file ) : '';
	}

	private function call( string $query ): array {
		return [ 'url' => $this->url . $this->path . $query, 'host' => $this->host ];
	}
}
