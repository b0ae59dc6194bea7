<?php
/** What a visitor sees: more than a web server keeps back, so that an answer that is not ended would be seen to come in parts. */
?>
<!doctype html>
<title>A page</title>
<p>It was made.</p>
