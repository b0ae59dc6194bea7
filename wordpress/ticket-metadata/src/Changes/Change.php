<?php
namespace TicketMetadata\Changes;

/** What is to be said of one ticket: that it is new, or what of it is now otherwise. */
final class Change {

	/** The service's. */
	public int $ticketId;

	/** The service's, null removes. */
	private array $fields;

	/** Whether the service does not know the ticket, as far as is known here. */
	public bool $isNew;

	/** Whether the help desk has it no more: then the service need not know it either. */
	public bool $isGone;

	public function __construct( int $ticketId, array $fields, bool $isNew = false, bool $isGone = false ) {
		$this->ticketId = $ticketId;
		$this->fields   = $fields;
		$this->isNew    = $isNew;
		$this->isGone   = $isGone;
	}

	/**
	 * What remains to be tried after an answer.
	 *
	 * @param string $code the service's: it knows the ticket after all, or does not
	 * @return self|null null: nothing
	 */
	public function after( string $code ): ?self {
		return $code === ( $this->isNew ? 'ticket_exists' : 'ticket_not_found' ) ? new self( $this->ticketId, $this->fields, ! $this->isNew ) : null;
	}

	/** As the service takes them: a new ticket has nothing that null could remove, and when one was created does not change any more. */
	public function fields(): array {
		return $this->isNew ? self::withoutNulls( $this->fields ) : array_diff_key( $this->fields, [ 'created_at' => true ] );
	}

	/** One of `POST /tickets/batch`. */
	public function toOperation(): array {
		return [ 'op' => $this->isNew ? 'create' : 'update', 'ticket_id' => $this->ticketId ] + $this->fields();
	}

	private static function withoutNulls( array $fields ): array {
		$isGiven = static fn( $value ): bool => $value !== null;
		if ( isset( $fields['custom_fields'] ) && is_array( $fields['custom_fields'] ) ) {
			$fields['custom_fields'] = array_filter( $fields['custom_fields'], $isGiven );
		}
		return array_filter( $fields, $isGiven );
	}
}
