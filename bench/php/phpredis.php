<?php
/** The article's way: a connection for each request, and one hash. */
require __DIR__ . '/ticket.php';

$redis = new Redis();
$redis->connect('127.0.0.1', (int) getenv('REDIS_PORT'));
$redis->auth(getenv('REDIS_PASSWORD'));
$redis->select(0);
answer($redis->hMSet('ticket:' . ticket_id(), ['ticket_id' => ticket_id(), 'created_at' => time(), ...ticket()]), 'HMSET failed');
