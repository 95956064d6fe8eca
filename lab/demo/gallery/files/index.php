<?php
// The pictures that this member sees, and the release that it runs.
$pictures = array_map('basename', glob(__DIR__ . '/pictures/*.png'));
echo 'gallery ' . trim(file_get_contents(__DIR__ . '/version.txt')) . ' on ' . gethostname() . ': ' . (implode(', ', $pictures) ?: 'no pictures') . "\n";
