<?php
namespace TicketMetadata\Changes;

/** A ticket in the outbox. */
final class OutboxRow {

	/** Ascending in the order of arrival. */
	public int $id;

	/** The help desk's slug; empty: deferred fields. */
	public string $source;

	/** The source's own id. */
	public int $ticketId;

	/** Deferred fields. */
	public array $fields;

	/** Grows with each change. */
	public int $revision;

	/** Unix seconds of the first change. */
	public int $addedAt;

	/** How often the service refused it. */
	public int $refusals;

	public string $errorCode;

	public string $errorDetail;

	/** @param array<string, string|null> $row */
	public static function fromDatabase( array $row ): self {
		$entry              = new self();
		$entry->id          = (int) $row['id'];
		$entry->source      = $row['source'];
		$entry->ticketId    = (int) $row['ticket_id'];
		$entry->fields      = (array) json_decode( (string) $row['fields'], true );
		$entry->revision    = (int) $row['revision'];
		$entry->addedAt     = (int) $row['added_at'];
		$entry->refusals    = (int) $row['refusals'];
		$entry->errorCode   = $row['error_code'];
		$entry->errorDetail = $row['error_detail'];
		return $entry;
	}
}
