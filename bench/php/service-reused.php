<?php
/** This service over one connection of each PHP worker, which outlives the request. */
require __DIR__ . '/ticket.php';

/** @return array{int, string} status and body */
function exchange(string $method, string $path, string $body): array {
    $url = parse_url(getenv('SERVICE_URL'));
    // One that the other side has closed since it was used last is opened again.
    $socket = pfsockopen($url['host'], $url['port'], $code, $reason, 1);
    if (!$socket) return [0, $reason];
    fwrite($socket, "$method $path HTTP/1.1\r\nHost: {$url['host']}:{$url['port']}\r\nAuthorization: Bearer " . getenv('SERVICE_KEY')
        . "\r\nContent-Type: application/json\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body");
    $status = (int) substr((string) fgets($socket), 9, 3);
    $headers = [];
    while (($line = rtrim((string) fgets($socket))) !== '') {
        [$name, $value] = explode(':', $line, 2);
        $headers[strtolower($name)] = trim($value);
    }
    $length = (int) ($headers['content-length'] ?? 0);
    $answer = $length > 0 ? (string) stream_get_contents($socket, $length) : '';
    // What is not known to be read to its end must not be taken for the next answer.
    if ($status === 0 || !isset($headers['content-length']) || strlen($answer) < $length || ($headers['connection'] ?? '') === 'close') fclose($socket);
    return [$status, $answer];
}

[$status, $text] = exchange('POST', '/tickets/' . ticket_id(), json_encode(ticket()));
answer($status === 201, "$status $text");
