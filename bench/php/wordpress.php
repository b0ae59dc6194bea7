<?php
/** WordPress's way: a connection for each request, a row for the post and one for each field. */
require __DIR__ . '/ticket.php';
require __DIR__ . '/wpdb.php';

$mysql = connect_as_wpdb();
$ticket = ticket();
$subject = $mysql->real_escape_string($ticket['subject']);
$now = gmdate('Y-m-d H:i:s');
$mysql->query("INSERT INTO wp_posts (post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, comment_status, ping_status,
    post_password, post_name, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_parent, guid, menu_order, post_type, post_mime_type, comment_count)
    VALUES (1, '$now', '$now', '', '$subject', '', 'publish', 'closed', 'closed', '', 'ticket-" . ticket_id() . "', '', '', '$now', '$now', '', 0, '', 0, 'ticket', '', 0)");
$post_id = $mysql->insert_id;
foreach (['ticket_id' => ticket_id(), 'created_at' => time(), ...$ticket] as $name => $value) {
    $value = $mysql->real_escape_string((string) $value);
    $mysql->query("INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ($post_id, '_ticket_$name', '$value')");
}
answer(true);
