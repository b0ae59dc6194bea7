<?php
namespace TicketMetadata\Test\Site;

/** Where PHP processes wait for each other, so that they go on at the same moment. */
final class Meeting {

	private const SECONDS_MAX = 20;

	public static function join( string $name, int $count ): void {
		$directory = ABSPATH . "meetings/$name";
		wp_mkdir_p( $directory );
		touch( $directory . '/' . bin2hex( random_bytes( 8 ) ) );
		$until = microtime( true ) + self::SECONDS_MAX;
		while ( count( scandir( $directory ) ) - 2 < $count ) {
			if ( microtime( true ) > $until ) {
				throw new \RuntimeException( "Nobody else came to $name." );
			}
			usleep( 200 );
		}
	}
}
