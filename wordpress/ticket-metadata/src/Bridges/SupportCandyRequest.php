<?php
namespace TicketMetadata\Bridges;

/** Inspects a request of SupportCandy's own pages before SupportCandy handles it. */
final class SupportCandyRequest {

	/**
	 * @param string                         $field the form field with the id of what is edited
	 * @param callable(int, int, int): int[] $find its tickets: id of the form field, id after which to continue, maximum number
	 * @param callable(int, bool=): void     $mark
	 */
	public static function listen( string $action, string $field, callable $find, callable $mark ): void {
		$asked = static function () use ( $action, $field, $find, $mark ): void {
			$id = HookArgument::ticketId( $_POST[ $field ] ?? 0 );
			if ( $id > 0 && self::isMeant( $action ) ) {
				Found::mark( static fn( int $after, int $limit ): array => $find( $id, $after, $limit ), $mark );
			}
		};
		add_action( "wp_ajax_$action", $asked, SupportCandyHooks::FIRST );
	}

	/** Checks the nonce as SupportCandy does, so that nobody else can have many tickets sent again. */
	private static function isMeant( string $action ): bool {
		$nonce = $_POST['_ajax_nonce'] ?? '';
		return is_string( $nonce ) && (bool) wp_verify_nonce( sanitize_text_field( wp_unslash( $nonce ) ), $action );
	}
}
