<?php
namespace TicketMetadata;

/**
 * All settings. A constant in wp-config.php takes precedence over the option, the option over the default.
 * An invalid value counts as not set, except for the address. problems() reports it.
 */
final class Config {

	/** The option: an array by setting. */
	public const OPTION = 'ticket_metadata';

	private const DEFAULTS = [
		'url'                => 'http://127.0.0.1:3000',
		'key'                => '',
		'disabled'           => false,
		'connect_timeout_ms' => 200,
		// For a whole call including its retry: the longest time that a page waits.
		'timeout_ms'         => 500,
		// Status of a help desk => status of the service.
		'status_map'         => [],
		// Rows of the outbox: about 50 MB.
		'outbox_max'         => 100000,
		'ca_file'            => '',
		'combine_writes'     => false,
	];

	/** @var array<string, mixed> */
	private array $values = [];

	/** @var string[] names of settings */
	private array $unusable = [];

	/** The site whose settings these are. */
	private int $blog;

	public function __construct() {
		$this->blog = get_current_blog_id();
		$option     = get_option( self::OPTION );
		foreach ( self::DEFAULTS as $name => $default ) {
			$given = self::given( $name, is_array( $option ) ? $option : [] );
			$value = $given === null ? $default : Setting::read( $name, $given, $default );
			if ( $value === null ) {
				$this->unusable[] = $name;
				// The key and the tickets must not go to the default address instead.
				$value = $name === 'url' ? '' : $default;
			}
			$this->values[ $name ] = $value;
		}
	}

	/** Without a trailing slash; empty if nothing may be sent, because it is invalid or must not get the key. */
	public function url(): string {
		return $this->isKeyAstray() ? '' : $this->values['url'];
	}

	public function withoutKey(): self {
		$config                = clone $this;
		$config->values['key'] = '';
		return $config;
	}

	/** Empty if the service needs none. */
	public function key(): string {
		return $this->values['key'];
	}

	public function isDisabled(): bool {
		return $this->values['disabled'];
	}

	public function connectTimeoutMs(): int {
		return $this->values['connect_timeout_ms'];
	}

	public function timeoutMs(): int {
		return $this->values['timeout_ms'];
	}

	/** @return array<string, string> */
	public function statusMap(): array {
		return $this->values['status_map'];
	}

	public function outboxMax(): int {
		return $this->values['outbox_max'];
	}

	/** The file of trusted certificate authorities; empty: those of the machine. */
	public function caFile(): string {
		return $this->values['ca_file'];
	}

	/** Whether an administrator of this site of a network chose the value. wp-config.php and defaults are the network's, and so is what one of its administrators approved. */
	public function isOfSite( string $name ): bool {
		return is_multisite() && ! self::isLocked( $name ) && $this->values[ $name ] !== self::DEFAULTS[ $name ] && ! Approvals::cover( $this->blog, $name, $this->values[ $name ] );
	}

	/** Whether the key is the network's, so that the site's administrators must not send it elsewhere. */
	public function isKeyOfNetwork(): bool {
		return is_multisite() && ( self::isLocked( 'key' ) || ( $this->key() !== '' && ! $this->isOfSite( 'key' ) ) );
	}

	/** Whether an address of the site's own choice would get the network's key. A certificate authority can pass for any address. */
	private function isKeyAstray(): bool {
		return $this->key() !== '' && $this->isKeyOfNetwork() && ( $this->isOfSite( 'url' ) || $this->isOfSite( 'ca_file' ) );
	}

	public function combinesWrites(): bool {
		return $this->values['combine_writes'];
	}

	/** @return string[] why settings cannot be used, for administrators */
	public function problems(): array {
		// Translated only here: WordPress has no translations yet when the plugin is loaded.
		$problems = array_map(
			static function ( string $name ): string {
				/* translators: 1: a constant of wp-config.php, 2: what it must be */
				return sprintf( __( '%1$s must be %2$s.', 'ticket-metadata' ), self::constant( $name ), Setting::expected( $name, self::DEFAULTS[ $name ] ) );
			},
			$this->unusable
		);
		// An invalid address gets no key anyway.
		if ( $this->values['url'] !== '' && $this->isKeyAstray() ) {
			$problems[] = __( 'The key is the network\'s, but an administrator of this site chose the address or the certificate authority file, so nothing is sent. A network administrator can approve them under Settings > Ticket Metadata of this site, or set TICKET_METADATA_URL in wp-config.php. With a key of its own the site may use its own address.', 'ticket-metadata' );
		}
		if ( $this->caFile() !== '' && ! ( is_file( $this->caFile() ) && is_readable( $this->caFile() ) ) ) {
			/* translators: 1: a constant of wp-config.php, 2: a path */
			$problems[] = sprintf( __( '%1$s must be a file that PHP may read, and %2$s is not.', 'ticket-metadata' ), self::constant( 'ca_file' ), $this->caFile() );
		}
		return $problems;
	}

	/** @return string[] the names of all settings, in the order of the settings page */
	public static function names(): array {
		return array_keys( self::DEFAULTS );
	}

	/** @return mixed also tells the type of the setting */
	public static function byDefault( string $name ) {
		return self::DEFAULTS[ $name ];
	}

	/** Whether the setting may be empty. */
	public static function isOptional( string $name ): bool {
		return self::DEFAULTS[ $name ] === '';
	}

	/** @return mixed the effective value */
	public function value( string $name ) {
		return $this->values[ $name ];
	}

	/** Whether a constant sets it, so that the settings page cannot change it. */
	public static function isLocked( string $name ): bool {
		return defined( self::constant( $name ) );
	}

	/**
	 * The part of an option that may be stored: no setting that has a constant, in particular not the key.
	 *
	 * @param mixed $option
	 */
	public static function withoutLocked( $option ): array {
		$isOpen = static function ( $name ): bool {
			return isset( self::DEFAULTS[ $name ] ) && ! self::isLocked( $name );
		};
		return array_filter( is_array( $option ) ? $option : [], $isOpen, ARRAY_FILTER_USE_KEY );
	}

	/** Has WordPress load the settings with all others. It asks the database on every page for an option that is not there. */
	public static function ensureLoaded(): void {
		if ( ! isset( wp_load_alloptions()[ self::OPTION ] ) && get_option( self::OPTION ) === false ) {
			add_option( self::OPTION, [] );
		}
	}

	/** Removes settings from the database that have got a constant since, in particular the key. */
	public static function forgetLocked(): void {
		$option = get_option( self::OPTION );
		if ( is_array( $option ) && self::withoutLocked( $option ) !== $option ) {
			update_option( self::OPTION, $option );
		}
	}

	/** @return mixed null: set neither by a constant nor by the option */
	private static function given( string $name, array $option ) {
		return self::isLocked( $name ) ? constant( self::constant( $name ) ) : ( $option[ $name ] ?? null );
	}

	public static function constant( string $name ): string {
		return 'TICKET_METADATA_' . strtoupper( $name );
	}
}
