<?php
/** Loads the classes of this plugin from src/, by PSR-4. A site has no Composer that would do it. */

spl_autoload_register(
	static function ( string $class ): void {
		$prefix = 'TicketMetadata\\';
		if ( strncmp( $class, $prefix, strlen( $prefix ) ) !== 0 ) {
			return;
		}
		// class_exists() may ask for a class that does not exist, of which PHP warns. To look for the file first would cost every page a third of
		// what it takes to load the classes, because opcache needs no look at it.
		@include __DIR__ . '/src/' . str_replace( '\\', '/', substr( $class, strlen( $prefix ) ) ) . '.php';
	}
);
