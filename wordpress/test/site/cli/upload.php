<?php
/**
 * Does what Plugins > Add New > Upload Plugin does: WordPress's own upgrader unpacks a zip, in place of the plugin if it
 * is there already, and WordPress activates it. php upload.php DIRECTORY HOST PATH ZIP
 */

$_SERVER['HTTP_HOST']   = $argv[2];
$_SERVER['REQUEST_URI'] = $argv[3];
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';

/** @param mixed $result */
function reason( $result ): ?string {
	return is_wp_error( $result ) ? $result->get_error_message() : null;
}

$skin      = new Automatic_Upgrader_Skin();
$upgrader  = new Plugin_Upgrader( $skin );
$installed = $upgrader->install( $argv[4], array( 'overwrite_package' => true ) );
$plugin    = (string) $upgrader->plugin_info();
$activated = $installed === true ? activate_plugin( $plugin ) : null;
echo json_encode(
	array(
		'installed' => $installed === true ? true : reason( $installed ) ?? $skin->get_upgrade_messages(),
		'plugin'    => $plugin,
		'refusal'   => reason( $activated ),
		'is_active' => is_plugin_active( $plugin ),
		'version'   => $installed === true ? get_plugin_data( WP_PLUGIN_DIR . "/$plugin", false, false )['Version'] : null,
	),
	JSON_THROW_ON_ERROR
);
