<?php
namespace TicketMetadata\Test\Site;

/** Somebody who is logged in, and fills in forms. */
final class Browser {

	private const PASSWORD = 'correct horse battery staple';

	private string $host;

	/** Of the site in its network. */
	private string $path;

	/** @var resource|\CurlHandle keeps the cookies */
	private $curl;

	private function __construct( string $host, string $path ) {
		$this->host = $host;
		$this->path = $path;
		$this->curl = curl_init();
	}

	/** @param string $user of the site that is alone */
	public static function ofSite( string $user ): self {
		$browser = new self( getenv( 'SITE_HOST' ), '/' );
		$browser->logIn( getenv( 'SITE_TABLE_PREFIX' ), $user );
		return $browser;
	}

	public static function ofNetwork( string $path, string $user ): self {
		$browser = new self( getenv( 'NETWORK_HOST' ), $path );
		$browser->logIn( getenv( 'NETWORK_TABLE_PREFIX' ), $user );
		return $browser;
	}

	public function get( string $path ): string {
		$body = $this->send( $path, null );
		SiteTestCase::assertSame( 200, $this->status(), "$path: $body" );
		return $body;
	}

	/** @return int the HTTP status */
	public function post( string $path, array $fields ): int {
		$this->send( $path, $fields );
		return $this->status();
	}

	public function postAndRead( string $path, array $fields ): string {
		return $this->send( $path, $fields );
	}

	/** What a form of a page sends when nobody touches it. */
	public static function form( string $page, string $action ): array {
		$document = new \DOMDocument();
		// What HTML 5 has, it does not know.
		$document->loadHTML( '<?xml encoding="UTF-8">' . $page, LIBXML_NOERROR );
		$path   = new \DOMXPath( $document );
		$fields = [];
		foreach ( $path->query( "//form[@action='$action']//input[@name and not(@disabled)]" ) as $input ) {
			$isOff = $input->getAttribute( 'type' ) === 'checkbox' && ! $input->hasAttribute( 'checked' );
			if ( ! $isOff && $input->getAttribute( 'type' ) !== 'submit' ) {
				$fields[ $input->getAttribute( 'name' ) ] = $input->getAttribute( 'value' );
			}
		}
		return $fields;
	}

	private function logIn( string $prefix, string $user ): void {
		( new Database() )->setPassword( $prefix, $user, self::PASSWORD );
		SiteTestCase::assertSame( 302, $this->post( 'wp-login.php', [ 'log' => $user, 'pwd' => self::PASSWORD ] ), "$user logs in" );
	}

	private function send( string $path, ?array $fields ): string {
		curl_reset( $this->curl );
		curl_setopt_array(
			$this->curl,
			[
				CURLOPT_URL            => getenv( 'SITE_URL' ) . $this->path . $path,
				CURLOPT_HTTPHEADER     => [ "Host: $this->host", 'Expect:' ],
				CURLOPT_COOKIEFILE     => '',
				CURLOPT_RETURNTRANSFER => true,
				CURLOPT_TIMEOUT        => 60,
			]
		);
		if ( $fields !== null ) {
			curl_setopt( $this->curl, CURLOPT_POSTFIELDS, http_build_query( $fields ) );
		}
		$body = curl_exec( $this->curl );
		SiteTestCase::assertIsString( $body, curl_error( $this->curl ) );
		return $body;
	}

	private function status(): int {
		return curl_getinfo( $this->curl, CURLINFO_RESPONSE_CODE );
	}
}
