<?php
/** The wp-config.php of a site for tests: the constants of constants.json, under those that a test has put into changed.json. */

$constants = array();
foreach ( array( 'changed.json', 'constants.json' ) as $file ) {
	if ( is_file( __DIR__ . '/' . $file ) ) {
		$constants += json_decode( file_get_contents( __DIR__ . '/' . $file ), true, 512, JSON_THROW_ON_ERROR );
	}
}
foreach ( $constants as $name => $value ) {
	// A test removes one by null.
	if ( $value !== null ) {
		define( $name, $value );
	}
}

$table_prefix = TABLE_PREFIX;

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
