<?php
// The checksum shows that the whole body came through.
require dirname(__DIR__) . '/answer.php';
answer('post', ['checksum' => hash('sha256', (string) file_get_contents('php://input'))]);
