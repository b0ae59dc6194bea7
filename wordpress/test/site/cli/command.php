<?php
/**
 * Runs one of the plugin's commands on a stand-in for WP-CLI, and prints its exit code and what it said as JSON:
 * php command.php DIRECTORY HOST PATH NAME [OPTIONS as JSON]
 */

$_SERVER['HTTP_HOST']   = $argv[2];
$_SERVER['REQUEST_URI'] = $argv[3];
require $argv[1] . '/wp-load.php';
require __DIR__ . '/../../shared/WpCli.php';

$code = 0;
try {
	( new TicketMetadata\Cli\Commands() )->{$argv[4]}( array(), json_decode( $argv[5] ?? '[]', true, 512, JSON_THROW_ON_ERROR ) );
} catch ( TicketMetadata\Test\CommandEnded $ended ) {
	$code = $ended->getCode();
}
echo json_encode( array( 'code' => $code, 'said' => WP_CLI::$said ), JSON_THROW_ON_ERROR );
