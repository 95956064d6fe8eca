<?php
$conf['title'] = 'The Musher Handbook';
$conf['license'] = 'cc-by-sa';
// Pages, uploads and what the wiki makes of them outlive the release.
$conf['savedir'] = dirname(__DIR__) . '/data';
// What the wiki makes of its pages it makes again wherever that is missing: each member keeps it on its own disk, anew with each release.
foreach (['cache', 'tmp'] as $kind) {
    $folder = sys_get_temp_dir() . '/wiki-' . md5(__DIR__) . "/$kind";
    if (!is_dir($folder)) @mkdir($folder, 0700, true);
    $conf["{$kind}dir"] = $folder;
}
$conf['useacl'] = 0;
$conf['disableactions'] = 'register,login,profile,admin,install';
$conf['updatecheck'] = 0;
