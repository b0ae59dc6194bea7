<?php
namespace TicketMetadata\Changes;

/** What changed in this PHP request, by site. A ticket is marked once, however often it changed. */
final class Marks {

	/** @var array<int, array<string, array<int, bool>>> by site, help desk and ticket: whether it is new */
	private array $tickets = [];

	/** @var array<int, array<int, array>> by site and ticket: fields */
	private array $fields = [];

	public function mark( string $slug, int $id, bool $isNew = false ): void {
		$blog                                  = get_current_blog_id();
		$this->tickets[ $blog ][ $slug ][ $id ] = $isNew || ( $this->tickets[ $blog ][ $slug ][ $id ] ?? false );
	}

	/** The last value of a field counts. */
	public function defer( int $id, array $fields ): void {
		$blog                         = get_current_blog_id();
		$this->fields[ $blog ][ $id ] = DeferredFields::merge( $this->fields[ $blog ][ $id ] ?? [], $fields );
	}

	public function isEmpty(): bool {
		return $this->tickets === [] && $this->fields === [];
	}

	/** @return int[] */
	public function blogs(): array {
		return array_keys( $this->tickets + $this->fields );
	}

	/** @return array<string, array<int, bool>> by help desk and ticket: whether it is new. They are removed here. */
	public function takeTickets( int $blog ): array {
		$tickets = $this->tickets[ $blog ] ?? [];
		unset( $this->tickets[ $blog ] );
		return $tickets;
	}

	/** @return array<int, array> fields by ticket. They are removed here. */
	public function takeFields( int $blog ): array {
		$fields = $this->fields[ $blog ] ?? [];
		unset( $this->fields[ $blog ] );
		return $fields;
	}
}
