<?php
namespace TicketMetadata\Combining;

/** The ids of rows that have none yet, and what has become of them. */
final class ProvisionalIds {

	/** Above each id that a database will ever give, and a number for PHP and MySQL both. */
	private const FIRST = 0x7f00000000000000;

	private int $next = self::FIRST;

	/** @var array<int, array<int, MetaRow>> by object, by provisional id: written, under an id that nobody has asked for */
	private array $written = [];

	/** @var array<int, int> by object: the highest id that it had before */
	private array $above = [];

	/** @var array<int, int> objects by provisional id */
	private array $objects = [];

	/** @var array<int, int> */
	private array $real = [];

	public static function has( int $id ): bool {
		return $id >= self::FIRST;
	}

	public function next( int $object ): int {
		$id                   = $this->next++;
		$this->objects[ $id ] = $object;
		return $id;
	}

	public function object( int $id ): ?int {
		return $this->objects[ $id ] ?? null;
	}

	public function noteWritten( int $object, MetaRow $row, int $above ): void {
		$this->written[ $object ][ $row->id ] = $row;
		$this->above[ $object ]               = $this->above[ $object ] ?? $above;
	}

	public function noteReal( int $provisional, int $real ): void {
		$this->real[ $provisional ] = $real;
	}

	/** @return int the real id as far as it is known */
	public function real( int $id ): int {
		return $this->real[ $id ] ?? $id;
	}

	/**
	 * Finds the rows again that were written: their ids ascend in the order in which they were added.
	 *
	 * @param array<int, MetaRow> $rows all of the object, by id
	 */
	public function recognise( int $object, array $rows ): void {
		$written = $this->written[ $object ] ?? [];
		$above   = $this->above[ $object ] ?? 0;
		unset( $this->written[ $object ], $this->above[ $object ] );
		$free = array_filter( $rows, static fn( MetaRow $row ): bool => $row->id > $above );
		foreach ( $this->real as $real ) {
			unset( $free[ $real ] );
		}
		foreach ( $written as $provisional => $row ) {
			$ofKey = array_filter( $free, static fn( MetaRow $one ): bool => $one->key === $row->key );
			// Somebody may have changed it since.
			$equal = array_filter( $ofKey, static fn( MetaRow $one ): bool => $one->value === $row->value ) ?: $ofKey;
			if ( $equal !== [] ) {
				$this->real[ $provisional ] = array_key_first( $equal );
				unset( $free[ $this->real[ $provisional ] ] );
			}
		}
	}
}
