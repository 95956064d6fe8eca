<?php
// Keeps a picture that a visitor sends among the shared files, under its own plain name.
$picture = $_FILES['picture'] ?? ['name' => '', 'tmp_name' => ''];
$name = basename($picture['name']);
if (!preg_match('/^[a-z0-9-]+\.png$/D', $name) || !move_uploaded_file($picture['tmp_name'], __DIR__ . "/pictures/$name")) {
    http_response_code(400);
    exit("not kept\n");
}
echo "kept $name\n";
