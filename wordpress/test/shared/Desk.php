<?php
namespace TicketMetadata\Test;

use TicketMetadata\Bridges\Bridge;

/** A help desk of which a test says what its tickets are, and what happens while they are read. */
class Desk implements Bridge {

	/** @var array<int, array> */
	public array $tickets = [];

	/** @var callable(int[], int): void before each reading of tickets, with its number */
	public $beforeReading;

	/** @var callable(int[], int): void after it, with its number */
	public $afterReading;

	/** @var array<string, array{label: string, default: string}>|null null: it fails when it is asked */
	public ?array $statuses = [
		'open'    => [ 'label' => 'Open', 'default' => 'open' ],
		'waiting' => [ 'label' => 'Waiting', 'default' => 'pending' ],
		'closed'  => [ 'label' => 'Closed', 'default' => 'closed' ],
	];

	private string $slug;

	/** How often. */
	public int $statusesAsked = 0;

	public int $readings = 0;

	public function __construct( string $slug = 'desk' ) {
		$this->slug          = $slug;
		$this->beforeReading = static function (): void {};
		$this->afterReading  = static function (): void {};
	}

	public function put( int $id, array $ticket = [] ): void {
		$this->tickets[ $id ] = $ticket + [ 'customer_id' => 1, 'subject' => "Ticket $id", 'status' => 'open', 'created_at' => 1700000000 ];
	}

	public function slug(): string {
		return $this->slug;
	}

	public function name(): string {
		return 'The desk of the tests';
	}

	public function isActive(): bool {
		return true;
	}

	public function listen( callable $mark ): void {
		add_action( "{$this->slug}_changed", $mark, 10, 2 );
	}

	public function snapshots( array $ids ): array {
		( $this->beforeReading )( $ids, ++$this->readings );
		$read = array_intersect_key( $this->tickets, array_fill_keys( $ids, true ) );
		( $this->afterReading )( $ids, $this->readings );
		return $read;
	}

	public function ids( int $after, int $limit ): array {
		$ids = array_filter( array_keys( $this->tickets ), static fn( int $id ): bool => $id > $after );
		sort( $ids );
		return array_slice( $ids, 0, $limit );
	}

	public function count(): int {
		return count( $this->tickets );
	}

	public function statuses(): array {
		++$this->statusesAsked;
		if ( $this->statuses === null ) {
			throw new \DomainException( 'The desk has no statuses.' );
		}
		return $this->statuses;
	}

	public function idsOfPerson( string $email, int $after, int $limit ): array {
		return $email === 'nobody@example.test' ? [] : $this->ids( $after, $limit );
	}
}
