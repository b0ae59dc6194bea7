<?php
namespace TicketMetadata\Changes;

use TicketMetadata\Client\Client;

/** Changes from other code of the site. No help desk could be asked for them again, so the fields themselves are kept. */
final class DeferredFields {

	/** Custom fields are merged by name, as in the service. */
	public static function merge( array $older, array $newer ): array {
		$merged = array_replace( $older, $newer );
		if ( is_array( $older['custom_fields'] ?? null ) && is_array( $newer['custom_fields'] ?? null ) ) {
			$merged['custom_fields'] = array_replace( $older['custom_fields'], $newer['custom_fields'] );
		}
		return $merged;
	}

	/**
	 * @param array<int, array> $fields by the id that the plugin's functions take
	 * @return array<int, Outcome> by the same ids
	 */
	public static function send( Client $client, array $fields ): array {
		$changes = [];
		$refused = [];
		foreach ( $fields as $id => $some ) {
			try {
				$changes[ $id ] = new Change( TicketIds::ofSite( $id ), $some, isset( $some['customer_id'] ) );
			} catch ( \RangeException $error ) {
				$refused[ $id ] = Outcome::refused( 'id_out_of_range', $error->getMessage() );
			}
		}
		return $refused + ( new Batch( $client ) )->send( $changes );
	}
}
