<?php
namespace TicketMetadata\Client;

/** Sends one request to the service, once. */
interface Transport {

	/** The shortest timeout that it can keep. */
	public function shortestTimeoutMs(): int;

	/** @return Answer for failures too: it does not throw */
	public function send( Request $request, int $timeoutMs ): Answer;
}
