<?php
// A request that is still in flight when its member is drained.
require dirname(__DIR__) . '/answer.php';
sleep(min(30, max(0, (int) ($_GET['seconds'] ?? 5))));
answer('slow');
