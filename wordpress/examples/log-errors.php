<?php
add_action(
	'ticket_metadata_error',
	static function ( WP_Error $error ): void {
		$data = $error->get_error_data(); // status (0: no answer), request_id and ticket_id (0: no single ticket).
		error_log( "Ticket {$data['ticket_id']}: {$error->get_error_code()}: {$error->get_error_message()}" );
	}
);
