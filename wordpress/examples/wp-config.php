<?php
define( 'TICKET_METADATA_URL', 'http://127.0.0.1:3000' );
define( 'TICKET_METADATA_KEY', 'tms_...' );
