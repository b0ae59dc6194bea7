<?php
namespace TicketMetadata;

/**
 * Every setting, once. A constant in wp-config.php wins over the option, which wins over the default.
 * What is not usable counts as not set, but for the address; problems() says so.
 */
final class Config {

	/** The option, an array by setting. */
	public const OPTION = 'ticket_metadata';

	private const DEFAULTS = [
		'url'                => 'http://127.0.0.1:3000',
		'key'                => '',
		'disabled'           => false,
		'connect_timeout_ms' => 200,
		// For everything that one call does, its second attempt included: so long may a page wait.
		'timeout_ms'         => 500,
		// What a help desk calls a status => what the service calls it.
		'status_map'         => [],
		// Changes that wait for the service: some 50 MB of a table.
		'outbox_max'         => 100000,
		'ca_file'            => '',
	];

	/** @var array<string, mixed> */
	private array $values = [];

	/** @var string[] names of settings */
	private array $unusable = [];

	public function __construct() {
		$option = get_option( self::OPTION );
		foreach ( self::DEFAULTS as $name => $default ) {
			$given = self::given( $name, is_array( $option ) ? $option : [] );
			$value = $given === null ? $default : Setting::read( $name, $given, $default );
			if ( $value === null ) {
				$this->unusable[] = $name;
				// The key and the tickets must not go where nobody meant them to.
				$value = $name === 'url' ? '' : $default;
			}
			$this->values[ $name ] = $value;
		}
	}

	/** Without a slash at its end; empty where it was set and cannot be used. */
	public function url(): string {
		return $this->values['url'];
	}

	public function withoutKey(): self {
		$config                = clone $this;
		$config->values['key'] = '';
		return $config;
	}

	/** Empty where the service asks for none. */
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

	/** The certificate authorities that https trusts; empty: those of the machine. */
	public function caFile(): string {
		return $this->values['ca_file'];
	}

	/** @return string[] what is set and cannot be used, for those who run the site */
	public function problems(): array {
		// Put into words only here: WordPress has no translations yet when the plugin is loaded.
		$problems = array_map(
			static function ( string $name ): string {
				/* translators: 1: a constant of wp-config.php, 2: what it must be */
				return sprintf( __( '%1$s must be %2$s.', 'ticket-metadata' ), self::constant( $name ), Setting::expected( $name, self::DEFAULTS[ $name ] ) );
			},
			$this->unusable
		);
		if ( $this->caFile() !== '' && ! ( is_file( $this->caFile() ) && is_readable( $this->caFile() ) ) ) {
			/* translators: 1: a constant of wp-config.php, 2: a path */
			$problems[] = sprintf( __( '%1$s must be a file that PHP may read, and %2$s is not.', 'ticket-metadata' ), self::constant( 'ca_file' ), $this->caFile() );
		}
		return $problems;
	}

	/** @return string[] the names of all settings, in the order in which people are asked for them */
	public static function names(): array {
		return array_keys( self::DEFAULTS );
	}

	/** @return mixed of this type are all its values */
	public static function byDefault( string $name ) {
		return self::DEFAULTS[ $name ];
	}

	/** Whether nothing is a value of it. */
	public static function isOptional( string $name ): bool {
		return self::DEFAULTS[ $name ] === '';
	}

	/** @return mixed as it counts */
	public function value( string $name ) {
		return $this->values[ $name ];
	}

	/** Whether a constant decides, so that nobody can change it in the administration. */
	public static function isLocked( string $name ): bool {
		return defined( self::constant( $name ) );
	}

	/**
	 * What may be stored of an option: never what a constant says, least of all the key.
	 *
	 * @param mixed $option
	 */
	public static function withoutLocked( $option ): array {
		$isOpen = static function ( $name ): bool {
			return isset( self::DEFAULTS[ $name ] ) && ! self::isLocked( $name );
		};
		return array_filter( is_array( $option ) ? $option : [], $isOpen, ARRAY_FILTER_USE_KEY );
	}

	/** Takes out of the database what has got a constant since it was stored, least of all leaving the key there. */
	public static function forgetLocked(): void {
		$option = get_option( self::OPTION );
		if ( is_array( $option ) && self::withoutLocked( $option ) !== $option ) {
			update_option( self::OPTION, $option );
		}
	}

	/** @return mixed null: neither by a constant nor in the option */
	private static function given( string $name, array $option ) {
		return self::isLocked( $name ) ? constant( self::constant( $name ) ) : ( $option[ $name ] ?? null );
	}

	public static function constant( string $name ): string {
		return 'TICKET_METADATA_' . strtoupper( $name );
	}
}
