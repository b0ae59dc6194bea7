<?php
define( 'TICKET_METADATA_COMBINE_WRITES', true );
