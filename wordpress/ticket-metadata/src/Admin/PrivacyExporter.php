<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Bridges\Bridges;
use TicketMetadata\Changes\TicketIds;
use TicketMetadata\Client\TicketList;
use TicketMetadata\Plugin;

/** The data that the service has about a person's tickets, for Tools > Export Personal Data. Complete, or an error: never a part that looks complete. */
final class PrivacyExporter {

	private const TICKETS_PER_PAGE = 100;

	private const IDS_AT_A_TIME = 500;

	/** @param mixed $exporters */
	public static function add( $exporters ): array {
		$exporters                    = is_array( $exporters ) ? $exporters : [];
		$exporters['ticket-metadata'] = [
			'exporter_friendly_name' => __( 'Ticket Metadata', 'ticket-metadata' ),
			'callback'               => [ self::class, 'export' ],
		];
		return $exporters;
	}

	/**
	 * @param mixed $email
	 * @param mixed $page  from 1
	 * @return array|\WP_Error
	 */
	public static function export( $email, $page ) {
		$first = ( max( 1, (int) $page ) - 1 ) * self::TICKETS_PER_PAGE;
		try {
			// One more than a page, to know whether there is a next page.
			$ids     = self::ids( (string) $email, $first + self::TICKETS_PER_PAGE + 1 );
			$tickets = self::tickets( array_slice( $ids, $first, self::TICKETS_PER_PAGE ) );
		} catch ( \Throwable $error ) {
			return self::failed( $error->getMessage() );
		}
		return [
			'data' => array_map( [ self::class, 'item' ], $tickets ),
			'done' => count( $ids ) <= $first + self::TICKETS_PER_PAGE,
		];
	}

	/**
	 * The first of a person's tickets. WordPress passes only the page number, so the earlier pages are read and skipped.
	 *
	 * @return int[] the service's ids
	 */
	private static function ids( string $email, int $max ): array {
		$ids = [];
		foreach ( Bridges::active() as $slug => $bridge ) {
			$after = 0;
			do {
				$some = $bridge->idsOfPerson( $email, $after, self::IDS_AT_A_TIME );
				foreach ( $some as $id ) {
					$ids[] = TicketIds::toService( $slug, $id );
					$after = $id;
				}
			} while ( count( $some ) === self::IDS_AT_A_TIME && count( $ids ) < $max );
		}
		return array_slice( $ids, 0, $max );
	}

	/**
	 * @param int[] $ids
	 * @return array[] the ones that the service has
	 * @throws \RuntimeException if the answer is incomplete
	 */
	private static function tickets( array $ids ): array {
		$list = TicketList::of( Plugin::patientClient(), $ids );
		if ( $list->failure !== null ) {
			throw new \RuntimeException( $list->failure->detail() );
		}
		if ( $list->unreadable !== [] ) {
			throw new \RuntimeException( __( 'It cannot read some of the tickets.', 'ticket-metadata' ) );
		}
		// In the order of the pages.
		return array_values( array_replace( array_intersect_key( array_flip( $ids ), $list->tickets ), $list->tickets ) );
	}

	private static function failed( string $reason ): \WP_Error {
		return new \WP_Error(
			'ticket_metadata_export',
			// WordPress's script puts it into the page as HTML.
			/* translators: %s: what went wrong */
			esc_html( sprintf( __( 'The ticket-metadata service did not return the data of this person\'s tickets, so the export would be incomplete. Try again when the service can be reached. Reason: %s', 'ticket-metadata' ), $reason ) )
		);
	}

	private static function item( array $ticket ): array {
		$data = [];
		foreach ( self::flat( $ticket ) as $name => $value ) {
			$data[] = [
				'name'  => $name,
				'value' => $value,
			];
		}
		return [
			'group_id'          => 'ticket-metadata',
			'group_label'       => __( 'Ticket metadata', 'ticket-metadata' ),
			'group_description' => __( 'What the ticket-metadata service holds about support tickets.', 'ticket-metadata' ),
			'item_id'           => "ticket-metadata-{$ticket['ticket_id']}",
			'data'              => $data,
		];
	}

	/** @return array<string, string> by the service's field names: custom fields have no other */
	private static function flat( array $ticket ): array {
		$custom = is_array( $ticket['custom_fields'] ?? null ) ? $ticket['custom_fields'] : [];
		unset( $ticket['custom_fields'] );
		foreach ( $custom as $name => $value ) {
			$ticket[ "custom_fields.$name" ] = $value;
		}
		$texts = [];
		foreach ( $ticket as $name => $value ) {
			$isTime         = is_int( $value ) && substr( (string) $name, -3 ) === '_at';
			$text           = is_bool( $value ) ? ( $value ? 'true' : 'false' ) : (string) $value;
			$texts[ $name ] = $isTime ? gmdate( 'Y-m-d H:i:s', $value ) . ' UTC' : $text;
		}
		return $texts;
	}
}
