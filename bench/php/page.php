<?php
/** A page that changes a ticket five times, each time one field, as code of a help desk does. Each page has other values than the one before. */
require __DIR__ . '/ticket.php';

/** @return array<string, mixed> values by field */
function five_changes(): array {
    $n = random_int(1, 1000000);
    return [
        'status' => ['pending', 'on-hold', 'open'][$n % 3],
        'priority' => ['low', 'high', 'urgent'][intdiv($n, 3) % 3],
        'category' => "category-$n",
        'assigned_to' => $n,
        'subject' => "Order issue $n",
    ];
}
