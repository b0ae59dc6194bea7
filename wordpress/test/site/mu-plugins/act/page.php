<?php
/** What a visitor sees. */
?>
<!doctype html>
<title>A page</title>
<p>It was made.</p>
