<?php
add_filter(
	'ticket_metadata_bridges',
	static function ( array $bridges ): array {
		require_once __DIR__ . '/MiniDeskBridge.php'; // Not earlier: the interface exists when this filter runs.
		$bridges[] = new MiniDeskBridge();
		return $bridges;
	}
);
