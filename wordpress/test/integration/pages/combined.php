<?php
/**
 * A PHP request of its own, with the stand-in of Awesome Support, in which a ticket lives. By environment: COMBINE, whether
 * its writes are combined; DO, what happens; END, how the request ends; KILL, before which write statement it is killed.
 */

use TicketMetadata\Test\PageEnd;
use TicketMetadata\Test\TicketLife;

require __DIR__ . '/../../shared/TicketLife.php';
require __DIR__ . '/../../shared/PageEnd.php';
require __DIR__ . '/../../shared/DeskTables.php';

// As a monitoring extension does it, before WordPress's own function.
if ( getenv( 'END' ) === 'exit before shutdown' ) {
	register_shutdown_function( static function (): void { exit; } );
}

define( 'TICKET_METADATA_DISABLED', true );
define( 'TICKET_METADATA_COMBINE_WRITES', getenv( 'COMBINE' ) === '1' );
// WordPress takes hooks that are there before it.
$wp_filter['plugins_loaded'][10]['desk'] = [
	'function'      => static function (): void {
		require __DIR__ . '/../../help-desks/awesome-support/awesome-support.php';
	},
	'accepted_args' => 0,
];
require __DIR__ . '/../wordpress.php';

wpas_install();
PageEnd::watch( (int) getenv( 'KILL' ), getenv( 'RECORD' ) === '1' );
$what = getenv( 'DO' );
( new TicketLife() )->$what();
PageEnd::come( (string) getenv( 'END' ) );
