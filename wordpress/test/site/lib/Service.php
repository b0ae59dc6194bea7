<?php
namespace TicketMetadata\Test\Site;

/** The service, asked past the plugin. */
final class Service {

	private const IDS_MAX = 500;

	/** @return array<int, array> tickets by id */
	public static function tickets( array $ids ): array {
		$found = [];
		foreach ( array_chunk( $ids, self::IDS_MAX ) as $some ) {
			for ( $left = $some; $left !== []; $left = $answer['unprocessed'] ?? [] ) {
				$answer = self::ask( 'GET', '/tickets?ids=' . implode( ',', $left ) )->json();
				$found += array_column( $answer['tickets'], null, 'ticket_id' );
			}
		}
		return $found;
	}

	/** Pushes these to MySQL. */
	public static function flush( array $ids ): void {
		foreach ( array_chunk( $ids, self::IDS_MAX ) as $some ) {
			$states = array_column( self::ask( 'POST', '/flush', [ 'ticket_ids' => $some ] )->json()['results'], 'state', 'ticket_id' );
			SiteTestCase::assertSame( array_fill_keys( $some, 'synced' ), $states );
		}
	}

	/** @return array[] journal entries that somebody has to settle */
	public static function conflicts(): array {
		return self::ask( 'GET', '/journal' )->json()['entries'];
	}

	public static function forgetConflicts(): void {
		foreach ( self::conflicts() as $entry ) {
			self::ask( 'POST', "/journal/{$entry['seq']}/discard" );
		}
	}

	public static function ask( string $method, string $path, ?array $body = null ): Page {
		$answer = Http::one(
			[
				'method'  => $method,
				'url'     => getenv( 'SERVICE_URL' ) . $path,
				'headers' => [ 'Authorization: Bearer ' . getenv( 'SERVICE_KEY' ), 'Content-Type: application/json' ],
				'body'    => $body === null ? null : json_encode( $body ),
			]
		);
		SiteTestCase::assertSame( 200, $answer->status, $answer->body );
		return $answer;
	}
}
