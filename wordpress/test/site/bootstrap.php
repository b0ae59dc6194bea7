<?php
/** Sites behind web servers, as scripts/test-wordpress.mjs has started them. No WordPress here: what is asked of one goes over HTTP. */

namespace TicketMetadata\Test\Site;

require __DIR__ . '/../shared/FaultyServer.php';
foreach ( [ 'Http', 'Page', 'Site', 'Service', 'Database', 'Step', 'SiteTestCase', 'Browser' ] as $class ) {
	require __DIR__ . "/lib/$class.php";
}

// A help desk makes its tables when it is visited for the first time, and works from then on.
foreach ( [ Site::behindNginx(), Site::ofNetwork( '/' ), Site::ofNetwork( '/second/' ), Site::ofNetwork( '/third/' ) ] as $site ) {
	$site->visit();
	$site->visit();
}
( new Database() )->beginAt( Database::newIds(), getenv( 'SITE_TABLE_PREFIX' ) );
