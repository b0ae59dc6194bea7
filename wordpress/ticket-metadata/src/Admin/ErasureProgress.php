<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Client\Answer;
use TicketMetadata\Client\Deadline;
use TicketMetadata\Client\Erasures;

/** Erasures of the customers that a person is for the service, from the request until they are done. */
final class ErasureProgress {

	private Erasures $erasures;

	/** @var int[] numbers of those that are not done */
	private array $open = [];

	/** What was removed: tickets, answers, entries of the journal and deferred fields. */
	private int $removed = 0;

	/** @var array<string, string> why customers could not be erased, by code */
	private array $failures = [];

	/** What the service waits for, or why it did not say. */
	private string $waitingFor = '';

	public function __construct( Erasures $erasures ) {
		$this->erasures = $erasures;
	}

	/** @return bool whether the service has accepted it */
	public function begin( int $customer ): bool {
		$answer = $this->erasures->request( $customer );
		if ( $answer->code !== '' ) {
			$this->failures[ $answer->code ] = $answer->detail();
			return false;
		}
		$this->open[] = $answer->body['erasure_id'];
		return true;
	}

	public function resume( array $state ): void {
		[ $this->open, $this->removed, $this->failures ] = $state;
	}

	/** @return array for resume() */
	public function state(): array {
		return [ $this->open, $this->removed, $this->failures ];
	}

	public function addRemoved( int $items ): void {
		$this->removed += $items;
	}

	/** @return bool whether all are done */
	public function wait( int $ms, int $pauseMs ): bool {
		$deadline = Deadline::in( $ms );
		while ( true ) {
			$this->look();
			if ( $this->open === [] || $deadline->hasPassed() ) {
				return $this->open === [];
			}
			usleep( min( $pauseMs, $deadline->leftMs() ) * 1000 );
		}
	}

	private function look(): void {
		foreach ( $this->open as $place => $id ) {
			$answer = $this->erasures->get( $id );
			if ( $answer->code !== '' ) {
				// It goes on, whether it can be asked or not.
				$this->waitingFor = $answer->detail();
				return;
			}
			$this->waitingFor = Answer::line( $answer->body['waiting_for'] ?? $answer->body['state'] );
			if ( $answer->body['state'] === 'done' ) {
				$this->removed += $answer->body['tickets'] + $answer->body['answers'] + $answer->body['journal_entries'];
				unset( $this->open[ $place ] );
			}
		}
	}

	public function hasRemoved(): bool {
		return $this->removed > 0;
	}

	/** @return array<string, string> by code */
	public function failures(): array {
		return $this->failures;
	}

	/** @return int[] */
	public function open(): array {
		return $this->open;
	}

	public function waitingFor(): string {
		return $this->waitingFor;
	}
}
