<?php
/** Nobody gets mail from a test. */

function wp_mail() {
	return true;
}
