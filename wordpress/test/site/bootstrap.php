<?php
/** Sites behind web servers, as scripts/test-wordpress.mjs has started them. No WordPress here: what is asked of one goes over HTTP. */

namespace TicketMetadata\Test\Site;

require __DIR__ . '/../shared/FaultyServer.php';
foreach ( [ 'Http', 'Page', 'Site', 'Service', 'Database', 'Step', 'SiteTestCase' ] as $class ) {
	require __DIR__ . "/lib/$class.php";
}

$database = new Database();
$prefixes = [
	'site'    => getenv( 'SITE_TABLE_PREFIX' ),
	'first'   => getenv( 'NETWORK_TABLE_PREFIX' ),
	'second'  => getenv( 'NETWORK_TABLE_PREFIX' ) . '2_',
	'third'   => getenv( 'NETWORK_TABLE_PREFIX' ) . '3_',
];
$sites    = [
	'site'    => Site::behindNginx(),
	'first'   => Site::ofNetwork( '/' ),
	'second'  => Site::ofNetwork( '/second/' ),
	'third'   => Site::ofNetwork( '/third/' ),
];
foreach ( $sites as $name => $site ) {
	// A help desk makes its tables when it is visited for the first time, and works from then on.
	$site->visit();
	$site->visit();
	// Ids that no other test gives to the service, but the same in all sites of the network.
	$database->beginAt( $name === 'site' ? 1000000 : 2000000, $prefixes[ $name ] );
}
