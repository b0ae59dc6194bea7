<?php
namespace TicketMetadata\Cli;

/** A ticket here and at the service. */
final class ComparedTicket {

	public const AGREES     = 'agree';
	public const DIFFERS    = 'differ';
	public const MISSING    = 'missing';
	public const UNREADABLE = 'unreadable';

	/** One of these. */
	public string $state;

	/** @var array<string, array{mixed, mixed}> by field: here and there */
	public array $differences;

	/** Whether MySQL has the service's newest version; of what the service does not show, nothing is known. */
	public bool $isInMysql;

	public function __construct( string $state, array $differences = [], bool $isInMysql = true ) {
		$this->state       = $state;
		$this->differences = $differences;
		$this->isInMysql   = $isInMysql;
	}
}
