<?php
/**
 * The plugin's way: what a page changes is collected, and one batch is sent at its end, by the plugin's own code. Of WordPress there
 * is what that calls. The connection to the service is the one of the page before. The answer comes after the batch, so that it can say whether that succeeded; the worker is as busy as if it came before.
 */
require __DIR__ . '/page.php';
require __DIR__ . '/../../wordpress/ticket-metadata/autoload.php';
require __DIR__ . '/../../wordpress/test/unit/wordpress.php';

use TicketMetadata\Changes\DeferredFields;
use TicketMetadata\Changes\Marks;
use TicketMetadata\Client\Client;
use TicketMetadata\Config;

Site::$options[Config::OPTION] = ['url' => getenv('SERVICE_URL'), 'key' => getenv('SERVICE_KEY'), 'timeout_ms' => 10000, 'connect_timeout_ms' => 10000];

$marks = new Marks();
foreach (five_changes() as $field => $value) {
    $marks->defer(ticket_id(), [$field => $value]);
}
$outcomes = DeferredFields::send(Client::fromConfig(new Config()), $marks->takeFields(get_current_blog_id()));
$outcome = $outcomes[ticket_id()];
answer($outcome->isStored(), "$outcome->code $outcome->detail");
