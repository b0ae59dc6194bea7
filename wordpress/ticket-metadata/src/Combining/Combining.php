<?php
namespace TicketMetadata\Combining;

/**
 * Write combining: what WordPress writes one by one for a help desk within a PHP request is written together, before
 * the answer leaves. Reads of the request see it at once. See wordpress/docs/write-combining.md.
 */
final class Combining {

	private static ?LastWrite $end = null;

	private static ?Barrier $barrier = null;

	/** A page that takes longer makes its changes known to others meanwhile. */
	private const HELD_SECONDS_MAX = 5.0;

	/** Called once the help desks are known and before any of them writes. */
	public static function start( Scope $scope, float $heldSecondsMax = self::HELD_SECONDS_MAX ): void {
		if ( self::$end !== null || $scope->isEmpty() || ! self::isPossible() ) {
			return;
		}
		$inserted = new InsertedPosts();
		$posts    = new MetaBuffer( new MetaTable( 'post' ), $inserted );
		$users    = new MetaBuffer( new MetaTable( 'user' ) );
		$counts   = new TermCounts( $scope );
		$byId     = new MetaByIdFilters( $posts, $scope );
		self::$barrier = new Barrier( $posts, $users, $counts, $byId, $inserted );
		self::$end     = new LastWrite( self::$barrier, $heldSecondsMax );

		( new MetaFilters( $posts, $scope ) )->listen();
		( new MetaFilters( $users, $scope ) )->listen();
		$byId->listen();
		$counts->listen();
		( new NewPosts( $scope, $inserted ) )->listen();
		self::$end->listen();
		self::$barrier->listen();
	}

	/** Whether writes go to the database at once. */
	public static function writesAtOnce(): bool {
		return self::$end === null || self::$barrier === null || self::$end->isOver() || ! self::$barrier->isAsked();
	}

	public static function expectLastWrite(): void {
		if ( self::$end !== null ) {
			self::$end->expect();
		}
	}

	/** Provisional ids are integers of 64 bits. */
	public static function isSupported(): bool {
		return PHP_INT_SIZE >= 8;
	}

	/** A command may run for hours, so that the end of the request is no bound. */
	private static function isPossible(): bool {
		return self::isSupported() && ! ( defined( 'WP_CLI' ) && WP_CLI ) && ! wp_installing();
	}
}
