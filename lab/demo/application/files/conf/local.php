<?php
$conf['title'] = 'The Musher Handbook';
$conf['license'] = 'cc-by-sa';
// Pages, uploads and what the wiki makes of them outlive the release.
$conf['savedir'] = dirname(__DIR__) . '/data';
$conf['useacl'] = 0;
$conf['disableactions'] = 'register,login,profile,admin,install';
$conf['updatecheck'] = 0;
