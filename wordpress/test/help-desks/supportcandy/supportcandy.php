<?php
/**
 * Plugin Name:       SupportCandy (stand-in for tests)
 * Description:       Keeps tickets as SupportCandy 3 does. For tests of bridges; no help desk.
 * Version:           3.4.8
 * Requires PHP:      7.4
 *
 * Our own code. What it imitates was read in the sources of SupportCandy 3.2.1 and 3.4.8: its tables and what it writes
 * into them, its options, the names of its classes, methods and hooks, which arguments a hook has, and what is stored
 * when it runs. Not imitated: pages, nonces but those of its settings, capabilities, e-mail, attachments, custom fields. It installs itself when it
 * is loaded; the real one is of use from the next request on.
 */

defined( 'ABSPATH' ) || exit;

// Some of its hooks give other arguments in 3.2: see WPSC_Individual_Ticket::$hooks_of_version.
define( 'WPSC_VERSION', '3.4.8' );

require __DIR__ . '/install.php';
require __DIR__ . '/models.php';
require __DIR__ . '/class-wpsc-individual-ticket.php';
require __DIR__ . '/counters.php';
require __DIR__ . '/removal.php';
require __DIR__ . '/settings.php';

supportcandy_answer_requests();

if ( get_option( 'wpsc_current_version' ) !== WPSC_VERSION ) {
	supportcandy_install();
}
