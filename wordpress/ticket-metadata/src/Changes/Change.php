<?php
namespace TicketMetadata\Changes;

/** One ticket to create, to change or to delete. */
final class Change {

	/** In the service. */
	public int $ticketId;

	/** By the service's names; null removes. */
	private array $fields;

	/** Whether the ticket is new to the service, as far as is known here. */
	public bool $isNew;

	/** Whether the help desk deleted the ticket: then the service need not have it either. */
	public bool $isGone;

	/** @var callable(): ?array|null the dates of the ticket's life, as an import takes them; null, also as its result: there are none */
	private $dates;

	private bool $isDeletion = false;

	/** Whether the service has said that the ticket exists after all, or does not. It says so once. */
	private bool $isTurned = false;

	/** @param callable(): ?array|null $dates asked only if the ticket is new to the service */
	public function __construct( int $ticketId, array $fields, bool $isNew = false, bool $isGone = false, ?callable $dates = null ) {
		$this->ticketId = $ticketId;
		$this->fields   = $fields;
		$this->isNew    = $isNew;
		$this->isGone   = $isGone;
		$this->dates    = $dates;
	}

	/** For good. */
	public static function deletion( int $ticketId ): self {
		$change             = new self( $ticketId, [], false, true );
		$change->isDeletion = true;
		return $change;
	}

	public function isDeletion(): bool {
		return $this->isDeletion;
	}

	/** @return bool whether the answer is what was wanted, though not a success: nothing is left of a ticket that is gone */
	public function isDoneBy( string $code ): bool {
		return $this->isGone && in_array( $code, [ 'ticket_not_found', Outcome::DELETED ], true );
	}

	/**
	 * What to try after an answer.
	 *
	 * @param string $code the service's code: the ticket exists after all, or does not
	 * @return self|null null: nothing
	 */
	public function after( string $code ): ?self {
		if ( $code === 'validation_failed' && $this->importDates() !== null ) {
			// A service that does not know imports, a status that does not close a ticket there: better without the dates than not at all.
			$next        = clone $this;
			$next->dates = null;
			return $next;
		}
		if ( $this->isTurned || $code !== ( $this->isNew ? 'ticket_exists' : 'ticket_not_found' ) ) {
			return null;
		}
		$next           = clone $this;
		$next->isNew    = ! $this->isNew;
		$next->isTurned = true;
		return $next;
	}

	/** A new ticket has nothing that null could remove, and the time of creation never changes. */
	public function fields(): array {
		return $this->isNew ? self::withoutNulls( $this->fields ) : array_diff_key( $this->fields, [ 'created_at' => true ] );
	}

	/** An operation of `POST /tickets/batch`. */
	public function toOperation(): array {
		if ( $this->isDeletion ) {
			return [ 'op' => 'delete', 'ticket_id' => $this->ticketId ];
		}
		$dates = $this->importDates();
		$op    = $this->isNew ? ( $dates === null ? 'create' : 'import' ) : 'update';
		return [ 'op' => $op, 'ticket_id' => $this->ticketId ] + $this->fields() + ( $dates ?? [] );
	}

	private function importDates(): ?array {
		return $this->isNew && $this->dates !== null ? ( $this->dates )() : null;
	}

	private static function withoutNulls( array $fields ): array {
		$isGiven = static fn( $value ): bool => $value !== null;
		if ( isset( $fields['custom_fields'] ) && is_array( $fields['custom_fields'] ) ) {
			$fields['custom_fields'] = array_filter( $fields['custom_fields'], $isGiven );
		}
		return array_filter( $fields, $isGiven );
	}
}
