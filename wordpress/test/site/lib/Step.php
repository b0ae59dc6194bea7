<?php
namespace TicketMetadata\Test\Site;

/** What a page is to do: see mu-plugins/act. */
final class Step {

	public const CUSTOMERS = [ 2, 3 ];

	public const AGENTS = [ 4, 5, 6 ];

	public static function create( string $desk, string $subject, int $customer = self::CUSTOMERS[0] ): array {
		return compact( 'desk', 'subject', 'customer' ) + [ 'do' => 'create' ];
	}

	/**
	 * @param string          $what   assign, status, close, reopen, category or priority
	 * @param int|null        $ticket null: the one that the same page created last
	 * @param int|string|null $value
	 */
	public static function change( string $desk, string $what, ?int $ticket = null, $value = null ): array {
		return compact( 'desk', 'ticket', 'value' ) + [ 'do' => $what ];
	}

	/** Waits until this number of pages have reached the meeting. Use a name once. */
	public static function meet( string $name, int $count = 2 ): array {
		return compact( 'name', 'count' ) + [ 'do' => 'meet' ];
	}
}
