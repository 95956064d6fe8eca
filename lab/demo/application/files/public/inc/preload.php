<?php
// Found by inc/init.php as inc/preload.php: the configuration is in the release, out of the document root.
define('DOKU_CONF', dirname(__DIR__, 2) . '/conf/');
