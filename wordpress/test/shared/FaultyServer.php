<?php
namespace TicketMetadata\Test;

/** The server of wordpress/test/lib/faults.mjs, and one test's view of it. */
final class FaultyServer {

	private string $test;

	public function __construct() {
		$this->test = bin2hex( random_bytes( 8 ) );
	}

	/** An address under which everything is answered in this way. */
	public function url( string $behaviour ): string {
		return getenv( 'FAULTS_URL' ) . "/$behaviour/$this->test";
	}

	/** @return array[] what this test has sent: method, path, headers, body, connection */
	public function seen(): array {
		return self::fetch( "/seen/$this->test" );
	}

	/** What the server holds of this test goes on to the service. */
	public function letGo(): void {
		self::fetch( "/let-go/$this->test" );
	}

	/** @return int[][] the tickets of each batch that this test has sent */
	public function batches(): array {
		$isBatch = static fn( array $seen ): bool => $seen['method'] === 'POST';
		$tickets = static fn( array $seen ): array => array_column( $seen['body']['operations'], 'ticket_id' );
		return array_map( $tickets, array_values( array_filter( $this->seen(), $isBatch ) ) );
	}

	/** Has the runner do something to the servers, and waits until it is done. */
	public static function order( string $name ): void {
		self::fetch( "/order/$name" );
	}

	private static function fetch( string $path ): array {
		$text = file_get_contents( getenv( 'FAULTS_URL' ) . $path );
		return json_decode( $text, true, 512, JSON_THROW_ON_ERROR );
	}
}
