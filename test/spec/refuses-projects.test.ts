import { refuses } from './refuses.ts';

refuses('projects', [
  [
    'source {}',
    [['{ git: "https://git.example.net/shop.git" }', '{}']],
    ['14:13 projects.shop.source: says nowhere where the code is; write "directory", "archive" or "git"'],
  ],
  [
    'source shop',
    [['{ git: "https://git.example.net/shop.git" }', 'shop']],
    ['14:13 projects.shop.source: must be a map, not "shop"; where the code comes from: directory, archive or git'],
  ],
  [
    'source { directory: "" }',
    [
      ['{ git: "https://git.example.net/shop.git" }', '{ directory: "" }'],
      ['        ref: main\n', ''],
    ],
    ['14:26 projects.shop.source.directory: is empty; write a path'],
  ],
  [
    'source { directory: "https://example.net/x" }',
    [
      ['{ git: "https://git.example.net/shop.git" }', '{ directory: "https://example.net/x" }'],
      ['        ref: main\n', ''],
    ],
    ['14:26 projects.shop.source.directory: "https://example.net/x" is a URL; write a path on the worker\'s machine'],
  ],
  [
    'source { archive: x.tar.gz }',
    [
      ['{ git: "https://git.example.net/shop.git" }', '{ archive: x.tar.gz }'],
      ['        ref: main\n', ''],
    ],
    ['14:24 projects.shop.source.archive: needs a checksum; add "sha256": what sha256sum prints for the file'],
  ],
  [
    'source { archive: x.zip, sha256: "12" }',
    [
      ['{ git: "https://git.example.net/shop.git" }', '{ archive: x.zip, sha256: "12" }'],
      ['        ref: main\n', ''],
    ],
    [
      '14:24 projects.shop.source.archive: "x.zip" is not a tar archive; pack it as .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz or .tar.zst',
      '14:39 projects.shop.source.sha256: is not a SHA-256; write the 64 hexadecimal digits that sha256sum prints',
    ],
  ],
  [
    'source { archive: x.tar, sha256: 12 }',
    [
      ['{ git: "https://git.example.net/shop.git" }', '{ archive: x.tar, sha256: 12 }'],
      ['        ref: main\n', ''],
    ],
    ['14:39 projects.shop.source.sha256: must be text, not the number 12; write it in quotes: "12"'],
  ],
  [
    'source { git: /srv/shop.git, directory: shop }',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: /srv/shop.git, directory: shop }']],
    ['14:15 projects.shop.source.git: a source is one thing, and this one is "directory" already; leave one of them out'],
  ],
  [
    'source { git: /srv/shop.git, sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }',
    [
      [
        '{ git: "https://git.example.net/shop.git" }',
        '{ git: /srv/shop.git, sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }',
      ],
    ],
    ['14:35 projects.shop.source.sha256: belongs to an archive; leave it out'],
  ],
  [
    'source { url: x }',
    [['{ git: "https://git.example.net/shop.git" }', '{ url: x }']],
    [
      '14:13 projects.shop.source: says nowhere where the code is; write "directory", "archive" or "git"',
      '14:15 projects.shop.source.url: unknown key "url"; did you mean "git"?',
    ],
  ],
  [
    'git ext::sh -c id',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "ext::sh -c id" }']],
    [
      '14:20 projects.shop.source.git: "ext::sh -c id" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git fd::17',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "fd::17" }']],
    [
      '14:20 projects.shop.source.git: "fd::17" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git --upload-pack=id',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "--upload-pack=id" }']],
    [
      '14:20 projects.shop.source.git: "--upload-pack=id" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git https://me:secret@example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "https://me:secret@example.net/x" }']],
    ["14:20 projects.shop.source.git: holds a password; leave it out: git asks its credential helper on the worker's machine, or use ssh"],
  ],
  [
    'git https://token@example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "https://token@example.net/x" }']],
    ["14:20 projects.shop.source.git: holds a user; leave it out: git asks its credential helper on the worker's machine, or use ssh"],
  ],
  [
    'git ftp://me:secret@example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "ftp://me:secret@example.net/x" }']],
    ["14:20 projects.shop.source.git: holds a password; leave it out: git asks its credential helper on the worker's machine, or use ssh"],
  ],
  [
    'git ftp://example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "ftp://example.net/x" }']],
    [
      '14:20 projects.shop.source.git: "ftp://example.net/x" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git ssh://-oProxyCommand=id/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "ssh://-oProxyCommand=id/x" }']],
    [
      '14:20 projects.shop.source.git: "ssh://-oProxyCommand=id/x" has no valid host; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git ssh://-l@example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "ssh://-l@example.net/x" }']],
    [
      '14:20 projects.shop.source.git: "ssh://-l@example.net/x" has no valid user; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git git@example.net:-x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "git@example.net:-x" }']],
    [
      '14:20 projects.shop.source.git: "git@example.net:-x" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git -l@example.net:x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "-l@example.net:x" }']],
    [
      '14:20 projects.shop.source.git: "-l@example.net:x" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git git@-x:y',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "git@-x:y" }']],
    [
      '14:20 projects.shop.source.git: "git@-x:y" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git git@example.net::x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "git@example.net::x" }']],
    [
      '14:20 projects.shop.source.git: "git@example.net::x" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git shop.git',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "shop.git" }']],
    [
      '14:20 projects.shop.source.git: "shop.git" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git file://example.net/x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "file://example.net/x" }']],
    [
      '14:20 projects.shop.source.git: "file://example.net/x" has no valid host; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git https:///x',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "https:///x" }']],
    [
      '14:20 projects.shop.source.git: "https:///x" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git https://example.net/a b',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "https://example.net/a b" }']],
    [
      '14:20 projects.shop.source.git: "https://example.net/a b" is not a repository that Musher reads; write https://…, ssh://…, user@host:path or an absolute path',
    ],
  ],
  [
    'git ',
    [['{ git: "https://git.example.net/shop.git" }', '{ git: "" }']],
    ['14:20 projects.shop.source.git: is empty; write https://…, ssh://…, user@host:path or an absolute path'],
  ],
  [
    'an empty build',
    [['    app: drupal\n', '    app: drupal\n    build: ""\n']],
    ['14:12 projects.shop.build: is empty; write a command, or leave it out'],
  ],
  ['an empty hook', [['[bin/update]', '[" "]']], ['16:14 projects.shop.hooks.once[0]: is empty; write a command, or leave it out']],
  [
    'a hook that is no list',
    [['[bin/update]', 'bin/update']],
    ['16:13 projects.shop.hooks.once: must be a list, not "bin/update"; write ["bin/update"]'],
  ],
  [
    'a playbook that is no list',
    [['[bin/update]', '{ playbook: update.yml }']],
    ['16:13 projects.shop.hooks.once: must be a list, not a map; what is run once, before the first switch: commands on one member, and playbooks'],
  ],
  [
    'a hook that is neither a command nor a playbook',
    [['[bin/update]', '[5, [x], {}]']],
    [
      '16:14 projects.shop.hooks.once[0]: must be text or a map, not the number 5; write it in quotes: "5"',
      "16:17 projects.shop.hooks.once[1]: must be text or a map, not a list; a shell command, or { playbook: path } with a playbook's path on the worker's machine",
      `16:22 projects.shop.hooks.once[2].playbook: is missing; add "playbook": a playbook of Ansible's on the worker's machine`,
    ],
  ],
  [
    'a playbook that is no path, and one with more than a path',
    [['[bin/update]', '[{ playbook: "https://example.net/update.yml" }, { playbook: "" }, { playbook: update.yml, tags: [all] }]']],
    [
      `16:26 projects.shop.hooks.once[0].playbook: "https://example.net/update.yml" is a URL; write a path on the worker's machine`,
      '16:74 projects.shop.hooks.once[1].playbook: is empty; write a path',
      '16:104 projects.shop.hooks.once[2].tags: unknown key "tags"; keys here: playbook',
    ],
  ],
  [
    'a build with an escape',
    [['    app: drupal\n', '    app: drupal\n    build: "make \\e[31m"\n']],
    ['14:12 projects.shop.build: holds the control character U+001B; take it out'],
  ],
  [
    'a project without environments',
    [['      live:\n        group: eu\n        ref: main\n        domains: [shop.example.net]\n', '      {}\n']],
    ['18:7 projects.shop.environments: is an empty map; write at least one'],
  ],
  [
    'an unknown preset',
    [['app: drupal', 'app: joomla']],
    ['13:10 projects.shop.app: must be "drupal", "wordpress", "php" or "static", not "joomla"'],
  ],
]);
