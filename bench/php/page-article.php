<?php
/** The article's own functions: each change connects, asks for its database and sets a field. The tickets are in a database of their own, so that nobody else's change without the service. */
require __DIR__ . '/page.php';

function get_redis_connection(): Redis {
    $redis = new Redis();
    $redis->connect('127.0.0.1', (int) getenv('REDIS_PORT'));
    $redis->auth(getenv('REDIS_PASSWORD'));
    $redis->select(1);
    return $redis;
}

function update_ticket_metadata_field(int $ticket_id, string $field, mixed $value): bool {
    return get_redis_connection()->hSet("ticket:$ticket_id", $field, $value) !== false;
}

$is_written = true;
foreach (five_changes() as $field => $value) $is_written = update_ticket_metadata_field(ticket_id(), $field, $value) && $is_written;
answer($is_written, 'HSET failed');
