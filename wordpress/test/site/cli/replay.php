<?php
/** Replays the outbox, as the command of WP-CLI does, and prints what came of it as JSON: php replay.php DIRECTORY HOST PATH */

$_SERVER['HTTP_HOST']   = $argv[2];
$_SERVER['REQUEST_URI'] = $argv[3];
require $argv[1] . '/wp-load.php';

echo json_encode( TicketMetadata\Changes\Replay::run( 100000 ), JSON_THROW_ON_ERROR );
