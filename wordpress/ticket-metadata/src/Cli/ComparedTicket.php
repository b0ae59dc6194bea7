<?php
namespace TicketMetadata\Cli;

/** A ticket of a help desk, compared with the service's. */
final class ComparedTicket {

	public const AGREES     = 'agree';
	public const DIFFERS    = 'differ';
	public const MISSING    = 'missing';
	public const UNREADABLE = 'unreadable';

	/** It, or its customer, was deleted in the service, which does not take it again. */
	public const DELETED = 'deleted';

	/** One of these. */
	public string $state;

	/** @var array<string, array{mixed, mixed}> by field: here and there */
	public array $differences;

	/** Whether MySQL has the service's newest version; true if the service did not return the ticket. */
	public bool $isInMysql;

	public function __construct( string $state, array $differences = [], bool $isInMysql = true ) {
		$this->state       = $state;
		$this->differences = $differences;
		$this->isInMysql   = $isInMysql;
	}
}
