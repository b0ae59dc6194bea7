<?php
namespace TicketMetadata\Test\Site;

/** A help desk, as its users use it, and as somebody else than the plugin reads it. */
abstract class Desk {

	public static function named( string $slug ): self {
		$desks = array(
			'awesome-support' => AwesomeSupportDesk::class,
			'supportcandy'    => SupportCandyDesk::class,
			'kb-support'      => KbSupportDesk::class,
		);
		return new $desks[ $slug ]();
	}

	/** @return int the id of the new ticket */
	abstract public function create( string $subject, int $customer ): int;

	abstract public function assign( int $ticket, int $agent ): void;

	abstract public function status( int $ticket, string $status ): void;

	abstract public function close( int $ticket ): void;

	abstract public function reopen( int $ticket ): void;

	abstract public function category( int $ticket, string $name ): void;

	abstract public function priority( int $ticket, string $name ): void;

	/** @return array[] all tickets: what the service must hold of each, and under `id` this site's id */
	abstract public function tickets(): array;

	protected static function seconds( string $utc ): int {
		return strtotime( $utc . ' UTC' );
	}
}
