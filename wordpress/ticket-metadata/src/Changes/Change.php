<?php
namespace TicketMetadata\Changes;

/** One ticket to create or to change. */
final class Change {

	/** In the service. */
	public int $ticketId;

	/** By the service's names; null removes. */
	private array $fields;

	/** Whether the ticket is new to the service, as far as is known here. */
	public bool $isNew;

	/** Whether the help desk deleted the ticket: then the service need not have it either. */
	public bool $isGone;

	public function __construct( int $ticketId, array $fields, bool $isNew = false, bool $isGone = false ) {
		$this->ticketId = $ticketId;
		$this->fields   = $fields;
		$this->isNew    = $isNew;
		$this->isGone   = $isGone;
	}

	/**
	 * What to try after an answer.
	 *
	 * @param string $code the service's code: the ticket exists after all, or does not
	 * @return self|null null: nothing
	 */
	public function after( string $code ): ?self {
		return $code === ( $this->isNew ? 'ticket_exists' : 'ticket_not_found' ) ? new self( $this->ticketId, $this->fields, ! $this->isNew ) : null;
	}

	/** A new ticket has nothing that null could remove, and the time of creation never changes. */
	public function fields(): array {
		return $this->isNew ? self::withoutNulls( $this->fields ) : array_diff_key( $this->fields, [ 'created_at' => true ] );
	}

	/** An operation of `POST /tickets/batch`. */
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
