<?php
/** The usual ticket, under the id that the request names. */
function ticket(): array {
    return ['customer_id' => 123, 'subject' => 'Order issue', 'status' => 'open', 'priority' => 'high'];
}

function ticket_id(): int {
    return (int) $_GET['id'];
}

/** What does not succeed must not be counted. */
function answer(bool $is_written, string $reason = ''): void {
    http_response_code($is_written ? 200 : 500);
    echo $is_written ? 'written' : $reason;
}
