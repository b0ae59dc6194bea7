<?php
/** The plugin's files without WordPress, on what little of it they call. */

error_reporting( E_ALL );

define( 'ABSPATH', '/nowhere/' );

require __DIR__ . '/../../ticket-metadata/autoload.php';
require __DIR__ . '/../../ticket-metadata/functions.php';
require __DIR__ . '/wordpress.php';
require __DIR__ . '/../shared/FaultyServer.php';
require __DIR__ . '/MemoryState.php';
require __DIR__ . '/ScriptedTransport.php';
require __DIR__ . '/PluginTestCase.php';
require __DIR__ . '/TransportTestCase.php';
