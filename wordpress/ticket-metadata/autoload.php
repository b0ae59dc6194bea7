<?php
/** Finds the classes of this plugin under src/, by PSR-4. Its own: a site has no Composer. */

spl_autoload_register(
	static function ( string $class ): void {
		$prefix = 'TicketMetadata\\';
		if ( strncmp( $class, $prefix, strlen( $prefix ) ) !== 0 ) {
			return;
		}
		$file = __DIR__ . '/src/' . str_replace( '\\', '/', substr( $class, strlen( $prefix ) ) ) . '.php';
		// class_exists() may ask for what is not there.
		if ( is_file( $file ) ) {
			require $file;
		}
	}
);
