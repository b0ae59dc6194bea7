<?php
/** The functions of WordPress that the plugin's client calls, as small as they can be. The other suite has the real ones. */

final class Site {
	/** @var array<string, mixed> */
	public static array $options = [];
	/** @var array<string, mixed> the network's */
	public static array $networkOptions = [];
	/** @var array<string, mixed> the persistent object cache */
	public static array $cache = [];
	/** @var array<string, callable[]> */
	public static array $listeners = [];

	/** Whether it is one of a network's. */
	public static bool $isNetwork = false;
	/** @var string[] the user's */
	public static array $rights = [];

	public static function reset(): void {
		self::$isNetwork = false;
		self::$rights    = [];
		self::$options   = [];
		self::$cache     = [];
		self::$listeners = [];

		self::$networkOptions = [];
		TicketMetadata\Plugin::forgetClient();
	}
}

function get_option( string $name ) {
	return Site::$options[ $name ] ?? false;
}

function get_site_option( string $name ) {
	return Site::$networkOptions[ $name ] ?? false;
}

function update_site_option( string $name, $value ): bool {
	Site::$networkOptions[ $name ] = $value;
	return true;
}

function add_action( string $name, callable $listener ): void {
	Site::$listeners[ $name ][] = $listener;
}

function do_action( string $name, ...$arguments ): void {
	foreach ( Site::$listeners[ $name ] ?? [] as $listener ) {
		$listener( ...$arguments );
	}
}

function __( string $text, string $domain ): string {
	return $text;
}

function is_multisite(): bool {
	return Site::$isNetwork;
}

function current_user_can( string $right ): bool {
	return in_array( $right, Site::$rights, true );
}

function is_main_site(): bool {
	return true;
}

function get_current_blog_id(): int {
	return 1;
}

function wp_using_ext_object_cache(): bool {
	return true;
}

function wp_cache_get( string $name, string $group, bool $force = false ) {
	return Site::$cache[ "$group:$name" ] ?? false;
}

function wp_cache_set( string $name, $value, string $group, int $seconds ): bool {
	Site::$cache[ "$group:$name" ] = $value;
	return true;
}

function wp_cache_add( string $name, $value, string $group, int $seconds ): bool {
	return ! isset( Site::$cache[ "$group:$name" ] ) && wp_cache_set( $name, $value, $group, $seconds );
}

final class WP_HTTP_Proxy {
	public function is_enabled(): bool {
		return false;
	}
}

final class WP_Error {
	private string $code;
	private string $message;
	private array $data;

	public function __construct( string $code, string $message, array $data ) {
		$this->code    = $code;
		$this->message = $message;
		$this->data    = $data;
	}

	public function get_error_code(): string {
		return $this->code;
	}

	public function get_error_message(): string {
		return $this->message;
	}

	public function get_error_data(): array {
		return $this->data;
	}
}
