<?php
/** A connection as wpdb opens one for each request. */
function connect_as_wpdb(): mysqli {
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $mysql = new mysqli('127.0.0.1', getenv('MYSQL_USER'), getenv('MYSQL_PASSWORD'), getenv('MYSQL_DATABASE'), (int) getenv('MYSQL_PORT'));
    $mysql->set_charset('utf8mb4');
    // What wpdb does after it has connected.
    $mysql->query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
    return $mysql;
}
