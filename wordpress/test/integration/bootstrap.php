<?php
/** For PHPUnit. */

require __DIR__ . '/wordpress.php';
require __DIR__ . '/../shared/FaultyServer.php';
require __DIR__ . '/../shared/Desk.php';
foreach ( [ 'CombinedDesk', 'CombinedPage', 'DatedDesk', 'DeskTables', 'MalformedAnswers', 'Statements', 'Twin', 'TwinActs', 'TwinEvents', 'TwinReactions' ] as $class ) {
	require __DIR__ . "/../shared/$class.php";
}
require __DIR__ . '/SiteTestCase.php';
require __DIR__ . '/HelpDeskTestCase.php';
require __DIR__ . '/CombiningTestCase.php';
require __DIR__ . '/KbSupportTestCase.php';
require __DIR__ . '/WhateverHappens.php';
require __DIR__ . '/TicketsAsPosts.php';
require __DIR__ . '/AdminTestCase.php';
require __DIR__ . '/CommandTestCase.php';
