<?php
// What every page of the load answers, as JSON: which release, member and environment it comes from, and the shared file's text.
function answer(string $page, array $more = []): never
{
    // The release's real path says whose it is: …/PROJECT/ENVIRONMENT/releases/ID
    $release = realpath(__DIR__);
    [$id, , $environment, $project] = array_reverse(explode('/', $release));
    $unhealthy = @file("$release/unhealthy-on.txt", FILE_IGNORE_NEW_LINES) ?: [];
    if (in_array(gethostname(), $unhealthy, true)) {
        http_response_code(503);
    }
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode([
        'page' => $page,
        'environment' => "$project/$environment",
        'member' => gethostname(),
        'release' => $id,
        'version' => require "$release/version.php",
        'shared' => rtrim((string) @file_get_contents("$release/data/shared.txt")),
    ] + $more, JSON_UNESCAPED_SLASHES), "\n";
    exit;
}
