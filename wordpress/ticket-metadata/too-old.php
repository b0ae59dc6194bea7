<?php
/** Says in the administration why the plugin does nothing. Written for any version of PHP, because it runs where the rest cannot. */

defined( 'ABSPATH' ) || exit;

/** The notice, for users who can act on it. */
function ticket_metadata_too_old() {
	if ( ! current_user_can( 'activate_plugins' ) ) {
		return;
	}
	$text = sprintf(
		/* translators: 1: the version of PHP here, 2: the version of WordPress here */
		__( 'Ticket Metadata does nothing: it needs PHP 7.4 and WordPress 6.1 or newer. This site has PHP %1$s and WordPress %2$s.', 'ticket-metadata' ),
		PHP_VERSION,
		$GLOBALS['wp_version']
	);
	echo '<div class="notice notice-error"><p>' . esc_html( $text ) . '</p></div>';
}

add_action( 'admin_notices', 'ticket_metadata_too_old' );
