<?php
namespace TicketMetadata\Admin;

use TicketMetadata\Checks\Checks;
use TicketMetadata\Checks\Finding;

/** The checks in Tools > Site Health. Checks that call the service run asynchronously, so that the page never hangs. */
final class SiteHealth {

	private const ROUTES = 'ticket-metadata/v1';

	/** @param mixed $tests */
	public static function add( $tests ): array {
		$tests = is_array( $tests ) ? $tests : [];
		foreach ( Checks::patient()->ofSite() as $id => $check ) {
			$tests['direct'][ "ticket_metadata_$id" ] = [
				'label' => self::label(),
				'test'  => self::asTest( $id, $check ),
			];
		}
		foreach ( Checks::patient()->ofService() as $id => $check ) {
			$tests['async'][ "ticket_metadata_$id" ] = [
				'label'             => self::label(),
				'test'              => rest_url( self::ROUTES . "/health/$id" ),
				'has_rest'          => true,
				'async_direct_test' => self::asTest( $id, $check ),
			];
		}
		return $tests;
	}

	public static function addRoutes(): void {
		foreach ( Checks::patient()->ofService() as $id => $check ) {
			register_rest_route(
				self::ROUTES,
				"/health/$id",
				[
					'methods'             => 'GET',
					'callback'            => self::asTest( $id, $check ),
					'permission_callback' => static function (): bool {
						return current_user_can( 'view_site_health_checks' );
					},
				]
			);
		}
	}

	/** @param callable(): Finding $check */
	private static function asTest( string $id, callable $check ): callable {
		return static function () use ( $id, $check ): array {
			return self::result( Finding::by( $id, $check ) );
		};
	}

	private static function result( Finding $finding ): array {
		return [
			// WordPress prints it without escaping.
			'label'       => esc_html( $finding->headline ),
			'status'      => $finding->state,
			'badge'       => [
				'label' => self::label(),
				'color' => $finding->isCritical() ? 'red' : 'blue',
			],
			'description' => '<p>' . esc_html( $finding->detail ) . '</p>',
			'actions'     => current_user_can( 'manage_options' )
				? '<p><a href="' . esc_url( SettingsPage::url() ) . '">' . esc_html__( 'Settings of Ticket Metadata', 'ticket-metadata' ) . '</a></p>'
				: '',
			'test'        => "ticket_metadata_$finding->id",
		];
	}

	private static function label(): string {
		return __( 'Ticket Metadata', 'ticket-metadata' );
	}
}
