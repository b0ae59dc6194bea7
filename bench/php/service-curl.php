<?php
/** This service by cURL, whose handles do not outlive a request in PHP 8.2: a connection for each. */
require __DIR__ . '/ticket.php';

$curl = curl_init();
curl_setopt_array($curl, [
    CURLOPT_URL => getenv('SERVICE_URL') . '/tickets/' . ticket_id(),
    CURLOPT_CUSTOMREQUEST => 'POST',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => json_encode(ticket()),
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('SERVICE_KEY'), 'Content-Type: application/json'],
]);
$text = curl_exec($curl);
$status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
answer($status === 201, "$status $text");
