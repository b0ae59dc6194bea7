<?php
namespace TicketMetadata\Test\Site;

/** Requests to the sites and the service, alone or several at a time. */
final class Http {

	/** Far more than any answer here takes: who waits longer, waits for what does not come. */
	private const SECONDS_MAX = 60;

	/** @param array $call url, and where they are not the usual ones: method, host, headers, body */
	public static function one( array $call ): Page {
		return self::all( [ $call ] )[0];
	}

	/**
	 * @param array[] $calls as one() takes them
	 * @return Page[] by the same keys
	 */
	public static function all( array $calls ): array {
		$multi   = curl_multi_init();
		$handles = array_map( [ self::class, 'handle' ], $calls );
		foreach ( $handles as $handle ) {
			curl_multi_add_handle( $multi, $handle );
		}
		do {
			curl_multi_exec( $multi, $running );
			curl_multi_select( $multi, 0.1 );
		} while ( $running > 0 );
		// Only here does cURL say what became of each.
		while ( $message = curl_multi_info_read( $multi ) ) {
			if ( $message['result'] !== CURLE_OK ) {
				throw new \RuntimeException( curl_getinfo( $message['handle'], CURLINFO_EFFECTIVE_URL ) . ': ' . curl_strerror( $message['result'] ) );
			}
		}
		return array_map( [ Page::class, 'of' ], $handles );
	}

	/** @return resource|\CurlHandle */
	private static function handle( array $call ) {
		$headers = $call['headers'] ?? [];
		if ( isset( $call['host'] ) ) {
			$headers[] = "Host: {$call['host']}";
		}
		$handle = curl_init( $call['url'] );
		curl_setopt_array(
			$handle,
			[
				CURLOPT_CUSTOMREQUEST  => $call['method'] ?? 'GET',
				CURLOPT_HTTPHEADER     => array_merge( $headers, [ 'Expect:' ] ),
				CURLOPT_RETURNTRANSFER => true,
				CURLOPT_HEADER         => true,
				CURLOPT_TIMEOUT        => self::SECONDS_MAX,
			]
		);
		if ( isset( $call['body'] ) ) {
			curl_setopt( $handle, CURLOPT_POSTFIELDS, $call['body'] );
		}
		return $handle;
	}
}
