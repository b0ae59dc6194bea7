<?php
/** As the article, and better: one connection for the page, and a call for each change. The tickets are in a database of their own, so that nobody else's change without the service. */
require __DIR__ . '/page.php';

$redis = new Redis();
$redis->connect('127.0.0.1', (int) getenv('REDIS_PORT'));
$redis->auth(getenv('REDIS_PASSWORD'));
$redis->select(1);
$is_written = true;
foreach (five_changes() as $field => $value) {
    $is_written = $redis->hSet('ticket:' . ticket_id(), $field, $value) !== false && $is_written;
}
answer($is_written, 'HSET failed');
