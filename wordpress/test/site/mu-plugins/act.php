<?php
/**
 * Lets a test act on the help desks as their users would, through the help desks' own functions: by a page, by admin-ajax
 * and by the REST API, with {"steps": [{"do": "create", "desk": "awesome-support", ...}, ...]} as the request's body.
 */

namespace TicketMetadata\Test\Site;

require __DIR__ . '/act/Desk.php';
require __DIR__ . '/act/AwesomeSupportDesk.php';
require __DIR__ . '/act/SupportCandyDesk.php';
require __DIR__ . '/act/KbSupportDesk.php';
require __DIR__ . '/act/Ends.php';
require __DIR__ . '/act/Meeting.php';
require __DIR__ . '/act/Steps.php';

add_action(
	'template_redirect',
	static function (): void {
		if ( isset( $_GET['act'] ) ) {
			Steps::ofRequest()->perform();
		}
		if ( isset( $_GET['look'] ) ) {
			wp_send_json( Desk::named( $_GET['look'] )->tickets() );
		}
		if ( isset( $_GET['make-cron-due'] ) ) {
			// The time has come for what the plugin has planned, and for nothing else.
			foreach ( _get_cron_array() as $events ) {
				foreach ( preg_grep( '/^ticket_metadata/', array_keys( $events ) ) as $event ) {
					$schedule = wp_get_schedule( $event );
					wp_clear_scheduled_hook( $event );
					wp_schedule_event( time() - 1, $schedule, $event );
				}
			}
			wp_send_json( array() );
		}
	},
	0
);

// A theme's page, of which there are none here.
add_filter(
	'template_include',
	static function (): string {
		return __DIR__ . '/act/page.php';
	}
);

add_action(
	'wp_ajax_nopriv_act',
	static function (): void {
		Steps::ofRequest()->perform();
		wp_send_json_success();
	}
);

add_action(
	'rest_api_init',
	static function (): void {
		register_rest_route(
			'act',
			'/act',
			array(
				'methods'             => 'POST',
				'permission_callback' => '__return_true',
				'callback'            => static function (): array {
					Steps::ofRequest()->perform();
					return array( 'is_done' => true );
				},
			)
		);
	}
);
