<?php
namespace TicketMetadata\Client;

use TicketMetadata\Config;

/**
 * Where requests go. In a network, an address that a site's administrator chose must be a public one: otherwise a site
 * could call what only the network's own machine can reach. On a single site, and for an address that the network's
 * administrator approved, a private address is the usual case.
 *
 * A name is resolved once, and requests go to the address that was checked: a name server may give another one later.
 */
final class Destination {

	/** A name in the DNS. With other characters PHP asks for seconds, and of a longer one it warns. */
	private const NAME = '/^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/iD';

	private Config $config;

	/** @var callable(string): string[] */
	private $resolve;

	/** @var callable(string): bool */
	private $isPublic;

	/** @var string[]|null the addresses of the host; null: not asked yet */
	private ?array $addresses = null;

	/**
	 * @param callable(string): string[]|null $resolve  IP addresses of a name
	 * @param callable(string): bool|null     $isPublic of an IP address
	 */
	public function __construct( Config $config, ?callable $resolve = null, ?callable $isPublic = null ) {
		$this->config   = $config;
		$this->resolve  = $resolve ?? [ self::class, 'lookUp' ];
		$this->isPublic = $isPublic ?? [ PublicAddress::class, 'is' ];
	}

	/**
	 * @param bool $isBehindProxy whether a proxy resolves the name, to an address that nobody here can check
	 * @return Answer|null null: requests may be sent
	 */
	public function refusal( bool $isBehindProxy = false ): ?Answer {
		if ( ! $this->config->isOfSite( 'url' ) ) {
			return null;
		}
		$host = $this->host();
		$port = parse_url( $this->config->url(), PHP_URL_PORT );
		if ( $this->addresses() === [] || $port === 0 || array_filter( $this->addresses, $this->isPublic ) !== $this->addresses ) {
			// Not what it resolves to: a site's administrator need not know the names of the network's machines.
			return Answer::failure( 'blocked', "An administrator of this site chose the address. In a network such an address must be public, and $host is not known as one. A network administrator can approve it in the settings of this site." );
		}
		return $isBehindProxy && ! $this->isLiteral()
			? Answer::failure( 'blocked', "An administrator of this site chose the address, and it is called through a proxy, which may resolve $host to a private one. A network administrator can approve it in the settings of this site." )
			: null;
	}

	/** @return string|null the IP address to which connections go, in brackets if it is of IPv6; null: the address says it itself, or any will do */
	public function pinned(): ?string {
		if ( ! $this->config->isOfSite( 'url' ) || $this->isLiteral() ) {
			return null;
		}
		$address = $this->addresses()[0];
		return strpos( $address, ':' ) === false ? $address : "[$address]";
	}

	/** @return string[] */
	private function addresses(): array {
		$this->addresses = $this->addresses ?? ( $this->isLiteral() ? [ $this->host() ] : array_values( ( $this->resolve )( $this->host() ) ) );
		return $this->addresses;
	}

	private function isLiteral(): bool {
		return filter_var( $this->host(), FILTER_VALIDATE_IP ) !== false;
	}

	/** An address of IPv6 without its brackets. */
	private function host(): string {
		return trim( (string) parse_url( $this->config->url(), PHP_URL_HOST ), '[]' );
	}

	/** @return string[] as the machine itself would resolve the name, which includes /etc/hosts; of IPv6 only without any of IPv4 */
	private static function lookUp( string $name ): array {
		if ( preg_match( self::NAME, $name ) !== 1 ) {
			return [];
		}
		// PHP warns of what a name server says.
		$addresses = @gethostbynamel( $name );
		return $addresses !== false && $addresses !== [] ? $addresses : array_column( (array) @dns_get_record( $name, DNS_AAAA ), 'ipv6' );
	}
}
