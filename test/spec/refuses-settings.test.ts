import { refuses } from './refuses.ts';

refuses('settings of an environment', [
  [
    'batch, a map',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: {}\n']],
    ['22:16 projects.shop.environments.live.batch: must be a number or text, not a map; write a number of members from 1, or a percentage from 1% to 100%'],
  ],
  [
    'batch, empty',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch:\n']],
    ['22:15 projects.shop.environments.live.batch: must be a number or text, but is empty; write a number of members from 1, or a percentage from 1% to 100%'],
  ],
  [
    'tolerate, a list',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tolerate: [1]\n']],
    ['22:19 projects.shop.environments.live.tolerate: must be a number or text, not a list; write a number of members from 0, or a percentage from 0% to 100%'],
  ],
  [
    'drain_timeout, a map',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        drain_timeout: {}\n']],
    ['22:24 projects.shop.environments.live.drain_timeout: must be a number or text, not a map; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours'],
  ],
  [
    'batch 0',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: 0\n']],
    [
      '22:16 projects.shop.environments.live.batch: 0 is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch -1',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: -1\n']],
    [
      '22:16 projects.shop.environments.live.batch: -1 is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch 1.5',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: 1.5\n']],
    [
      '22:16 projects.shop.environments.live.batch: 1.5 is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch 0%',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: 0%\n']],
    [
      '22:16 projects.shop.environments.live.batch: "0%" is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch 150%',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: 150%\n']],
    [
      '22:16 projects.shop.environments.live.batch: "150%" is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch half',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: half\n']],
    [
      '22:16 projects.shop.environments.live.batch: "half" is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
    ],
  ],
  [
    'batch [1]',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        batch: [1]\n']],
    ['22:16 projects.shop.environments.live.batch: must be a number or text, not a list; write a number of members from 1, or a percentage from 1% to 100%'],
  ],
  [
    'tolerate -1',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tolerate: -1\n']],
    [
      '22:19 projects.shop.environments.live.tolerate: -1 is not an amount of members; write a number of members from 0, or a percentage from 0% to 100%',
    ],
  ],
  [
    'tolerate 101%',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tolerate: 101%\n']],
    [
      '22:19 projects.shop.environments.live.tolerate: "101%" is not an amount of members; write a number of members from 0, or a percentage from 0% to 100%',
    ],
  ],
  [
    'keep 1',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        keep: 1\n']],
    ['22:15 projects.shop.environments.live.keep: 1 is too small; at least 2'],
  ],
  [
    'keep 101',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        keep: 101\n']],
    ['22:15 projects.shop.environments.live.keep: 101 is too large; at most 100'],
  ],
  [
    'keep 5.5',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        keep: 5.5\n']],
    [
      '22:15 projects.shop.environments.live.keep: must be a whole number, not the number 5.5; releases kept on each member, the current one included',
    ],
  ],
  [
    'workers 0',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        workers: 0\n']],
    ['22:18 projects.shop.environments.live.workers: 0 is too small; at least 1'],
  ],
  [
    'on_failure rolback',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: rolback\n']],
    ['22:21 projects.shop.environments.live.on_failure: must be "rollback" or "pause", not "rolback"; did you mean "rollback"?'],
  ],
  [
    'on_failure 7',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: 7\n']],
    ['22:21 projects.shop.environments.live.on_failure: must be "rollback", "pause" or a map, not the number 7; what follows a step that failed for good'],
  ],
  [
    'on_failure as a list',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: []\n']],
    ['22:21 projects.shop.environments.live.on_failure: must be "rollback", "pause" or a map, not a list; what follows a step that failed for good'],
  ],
  [
    'a pause of more than a week',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: { pause: 169h }\n']],
    ['22:30 projects.shop.environments.live.on_failure.pause: "169h" is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 168 hours'],
  ],
  [
    'a pause without a time',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: { then: abort }\n']],
    ['22:21 projects.shop.environments.live.on_failure.pause: is missing; add "pause": how long a person is waited for'],
  ],
  [
    'a pause with another end',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        on_failure: { pause: 1h, then: skip }\n']],
    ['22:40 projects.shop.environments.live.on_failure.then: must be "rollback" or "abort", not "skip"'],
  ],
  [
    'approval true',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        approval: true\n']],
    ['22:19 projects.shop.environments.live.approval: must be "required", "none" or a map, not true; whether a person must approve each deploy and roll back'],
  ],
  [
    'approval requird',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        approval: requird\n']],
    ['22:19 projects.shop.environments.live.approval: must be "required" or "none", not "requird"; did you mean "required"?'],
  ],
  [
    'approval without a time',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        approval: { in: 8h }\n']],
    ['22:19 projects.shop.environments.live.approval.within: is missing; add "within": it is required, and waited for so long', '22:21 projects.shop.environments.live.approval.in: unknown key "in"; keys here: within'],
  ],
  [
    'hook_timeout 0',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        hook_timeout: 0\n']],
    [
      '22:23 projects.shop.environments.live.hook_timeout: 0 is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
    ],
  ],
  [
    'hook_timeout 1d',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        hook_timeout: 1d\n']],
    [
      '22:23 projects.shop.environments.live.hook_timeout: "1d" is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
    ],
  ],
  [
    'hook_timeout 25h',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        hook_timeout: 25h\n']],
    [
      '22:23 projects.shop.environments.live.hook_timeout: "25h" is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
    ],
  ],
  [
    'hook_timeout -3',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        hook_timeout: -3\n']],
    [
      '22:23 projects.shop.environments.live.hook_timeout: -3 is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
    ],
  ],
  [
    'hook_timeout true',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        hook_timeout: true\n']],
    ['22:23 projects.shop.environments.live.hook_timeout: must be a number or text, not true; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours'],
  ],
  [
    'health { check: none } before balancers',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { check: none }\n']],
    ['22:26 projects.shop.environments.live.health.check: is none, and group "eu" has balancers, which must know whom they may ask; write http, or leave it out'],
  ],
  [
    'health /',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: /\n']],
    ['22:17 projects.shop.environments.live.health: must be a map, not "/"; how a member shows that it may serve'],
  ],
  [
    'health { path: healthz }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { path: healthz }\n']],
    ['22:25 projects.shop.environments.live.health.path: "healthz" does not begin with "/"; write a path like / or /healthz'],
  ],
  [
    'health { path: "/a b" }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { path: "/a b" }\n']],
    ['22:25 projects.shop.environments.live.health.path: "/a b" is not a path of a URL; write spaces and other signs as %20 and the like'],
  ],
  [
    'health { path: "/a\\tb" }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { path: "/a\\tb" }\n']],
    ['22:25 projects.shop.environments.live.health.path: holds a line break or a tab; write it on one line'],
  ],
  [
    'health { path: "/%zz" }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { path: "/%zz" }\n']],
    ['22:25 projects.shop.environments.live.health.path: "/%zz" is not a path of a URL; write spaces and other signs as %20 and the like'],
  ],
  [
    'health { expect: 99 }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { expect: 99 }\n']],
    ['22:27 projects.shop.environments.live.health.expect: 99 is too small; at least 100'],
  ],
  [
    'health { expect: 600 }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { expect: 600 }\n']],
    ['22:27 projects.shop.environments.live.health.expect: 600 is too large; at most 599'],
  ],
  [
    'health { timeout: 0s }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { timeout: 0s }\n']],
    [
      '22:28 projects.shop.environments.live.health.timeout: "0s" is not a time; write whole seconds, or 30s, 5m, 2h; from one second to 24 hours',
    ],
  ],
  [
    'health { status: 200 }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        health: { status: 200 }\n']],
    ['22:19 projects.shop.environments.live.health.status: unknown key "status"; did you mean "expect"?'],
  ],
  [
    'tls x.pem',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tls: x.pem\n']],
    ['22:14 projects.shop.environments.live.tls: must be a map, not "x.pem"; HTTPS at the balancers'],
  ],
  [
    'tls { certificate: x.pem }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tls: { certificate: x.pem }\n']],
    ['22:29 projects.shop.environments.live.tls.certificate: must be a map, not "x.pem"; the certificate, as { file: path }'],
  ],
  [
    'tls { certificate: { file: "" } }',
    [['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tls: { certificate: { file: "" } }\n']],
    ['22:37 projects.shop.environments.live.tls.certificate.file: is empty; write a path'],
  ],
  [
    'tls without a balancer',
    [
      ['    balancers: [lb1]\n', ''],
      ['        domains: [shop.example.net]\n', '        domains: [shop.example.net]\n        tls: { certificate: { file: x.pem } }\n'],
    ],
    ['21:9 projects.shop.environments.live.tls: is for balancers, and group "eu" has none; leave it out, or add a balancer to the group'],
  ],
]);
