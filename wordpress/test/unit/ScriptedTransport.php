<?php
namespace TicketMetadata\Test;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Request;
use TicketMetadata\Client\Transport;

/** Answers what a test says, one after the other; the last one for ever. */
final class ScriptedTransport implements Transport {

	/** @var array{Request, int}[] requests and their timeouts */
	public array $sent = [];

	public int $shortestTimeoutMs = 1;

	/** @var array<Answer|\Throwable> */
	private array $answers;

	/** @param Answer|\Throwable ...$answers */
	public function __construct( ...$answers ) {
		$this->answers = $answers;
	}

	public function shortestTimeoutMs(): int {
		return $this->shortestTimeoutMs;
	}

	public function send( Request $request, int $timeoutMs ): Answer {
		$this->sent[] = [ $request, $timeoutMs ];
		$answer       = count( $this->answers ) > 1 ? array_shift( $this->answers ) : $this->answers[0];
		if ( $answer instanceof \Throwable ) {
			throw $answer;
		}
		return $answer;
	}
}
