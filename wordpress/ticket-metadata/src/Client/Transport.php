<?php
namespace TicketMetadata\Client;

/** Carries one request to the service, once. */
interface Transport {

	/** Below it, a timeout cannot be kept. */
	public function shortestTimeoutMs(): int;

	/** @return Answer a failure too: it does not throw */
	public function send( Request $request, int $timeoutMs ): Answer;
}
