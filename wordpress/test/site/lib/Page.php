<?php
namespace TicketMetadata\Test\Site;

/** What came back. */
final class Page {

	public int $status;

	public string $body;

	/** Until all of it had arrived. */
	public float $seconds;

	private string $headers;

	/** @param resource|\CurlHandle $handle */
	public static function of( $handle ): self {
		$text          = curl_multi_getcontent( $handle );
		$headerLength  = curl_getinfo( $handle, CURLINFO_HEADER_SIZE );
		$page          = new self();
		$page->status  = curl_getinfo( $handle, CURLINFO_RESPONSE_CODE );
		$page->seconds = curl_getinfo( $handle, CURLINFO_TOTAL_TIME );
		$page->headers = substr( $text, 0, $headerLength );
		$page->body    = substr( $text, $headerLength );
		return $page;
	}

	public function header( string $name ): string {
		return preg_match( "/^$name: (.*?)\r?$/mi", $this->headers, $found ) === 1 ? $found[1] : '';
	}

	/** @return int[] the ids of the tickets that were created for it */
	public function created(): array {
		return array_map( 'intval', array_filter( explode( ',', $this->header( 'X-Created' ) ) ) );
	}

	public function json(): array {
		return json_decode( $this->body, true, 512, JSON_THROW_ON_ERROR );
	}
}
