<?php
require dirname(__DIR__) . '/answer.php';
answer('plain');
