import { expect, test } from 'vitest';
import { errorsOf, refuses } from './refuses.ts';
import { spoiled } from './valid-spec.ts';

refuses('groups', [
  [
    'a group without members',
    [['[web1, web2]', '[]']],
    ['9:14 groups.eu.members: is an empty list; write at least one: names of the servers that serve'],
  ],
  [
    'a member twice',
    [['[web1, web2]', '[web1, web2, web1]']],
    ['9:27 groups.eu.members[2]: "web1" is listed twice; leave one of them out'],
  ],
  ['a balancer twice', [['[lb1]', '[lb1, lb1]']], ['10:22 groups.eu.balancers[1]: "lb1" is listed twice; leave one of them out']],
  [
    'a server both member and balancer',
    [['[lb1]', '[web1]']],
    ['10:17 groups.eu.balancers[0]: "web1" is a member of this group, too; take another server as balancer'],
  ],
  [
    'a balancer that serves another group on its port',
    [['projects:\n', '  edge:\n    kind: cluster\n    members: [lb1]\nprojects:\n']],
    ['13:15 groups.edge.members[0]: "lb1" balances for group "eu" on port 80, which members of "edge" serve on, too; give group "edge" another "port", such as 8080'],
  ],
  [
    'a balancer that serves another group on its port for HTTPS',
    [
      ['projects:\n', '  edge:\n    kind: cluster\n    members: [lb1]\n    port: 443\nprojects:\n'],
      ['ref: main\n', 'ref: main\n        tls: { certificate: { file: shop.pem } }\n'],
    ],
    [
      '13:15 groups.edge.members[0]: "lb1" balances for "shop/live" with TLS on port 443, which members of "edge" serve on, too; give group "edge" another "port", such as 8080',
    ],
  ],
  ['the port of its members’ SSH', [['    balancers: [lb1]\n', '    balancers: [lb1]\n    port: 22\n']], ['11:11 groups.eu.port: is the port of SSH on member "web1"; take another one, such as 8080']],
  ['an unknown member', [['[web1, web2]', '[web1, wbe2]']], ['9:21 groups.eu.members[1]: no server "wbe2"; did you mean "web2"?']],
  [
    'an unknown member, like no other',
    [['[web1, web2]', '[backend]']],
    ['9:15 groups.eu.members[0]: no server "backend"; servers here: "web1", "web2", "lb1"'],
  ],
  ['files on an unknown server', [['    balancers: [lb1]\n', '    balancers: [lb1]\n    files: { server: lb2 }\n']], ['11:22 groups.eu.files.server: no server "lb2"; did you mean "lb1"?']],
  [
    'files on a member under another name',
    [
      ['    balancers: [lb1]\n', '    balancers: [lb1]\n    files: { server: lb1 }\n'],
      ['address: 192.0.2.30', 'address: 192.0.2.11'],
      ['    balancers: [lb1]\n', ''],
    ],
    ['10:22 groups.eu.files.server: "lb1" has the address of the member "web1"; name "web1" itself as the storage, or another server'],
  ],
  ['files on nothing', [['    balancers: [lb1]\n', '    balancers: [lb1]\n    files: {}\n']], ['11:12 groups.eu.files.server: is missing; add "server": name of the server that keeps them']],
  ['an unknown balancer', [['[lb1]', '[lb2]']], ['10:17 groups.eu.balancers[0]: no server "lb2"; did you mean "lb1"?']],
  [
    'one machine under two names',
    [['web2.example.net', '192.0.2.11']],
    ['9:21 groups.eu.members[1]: "web2" has the address of "web1"; give each server of a group its own address'],
  ],
  [
    'a port that is a map, of a member',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: {} }']],
    ['3:52 servers.web1.port: must be a number, not a map; port of SSH'],
  ],
  [
    'a name of every object',
    [['[web1, web2]', '[toString]']],
    ['9:15 groups.eu.members[0]: no server "toString"; servers here: "web1", "web2", "lb1"'],
  ],
  [
    'web: none without reload',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    web: none\n']],
    ['11:10 groups.eu.web: needs "reload"; add the command that makes your web server see a new release'],
  ],
  [
    'reload with nginx',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    reload: systemctl reload apache2\n']],
    ['11:5 groups.eu.reload: belongs to "web: none"; leave it out: Musher reloads nginx and PHP itself'],
  ],
  [
    'an empty reload',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    web: none\n    reload: " "\n']],
    ['12:13 groups.eu.reload: is empty; write a command, or leave it out'],
  ],
  [
    'an unknown web server',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    web: apache\n']],
    ['11:10 groups.eu.web: must be "nginx" or "none", not "apache"'],
  ],
  [
    'a port of 0',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    port: 0\n']],
    ['11:11 groups.eu.port: 0 is too small; at least 1'],
  ],
  [
    'root /',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /\n']],
    ['11:11 groups.eu.root: "/" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'root sites',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: sites\n']],
    ['11:11 groups.eu.root: "sites" is not absolute; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'root /etc/sites',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /etc/sites\n']],
    [
      '11:11 groups.eu.root: "/etc/sites" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites',
    ],
  ],
  [
    'root /srv',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /srv\n']],
    ['11:11 groups.eu.root: "/srv" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'root /var/lib',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /var/lib\n']],
    ['11:11 groups.eu.root: "/var/lib" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'root /var/lib/musher/x',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /var/lib/musher/x\n']],
    [
      '11:11 groups.eu.root: "/var/lib/musher/x" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites',
    ],
  ],
  [
    'root /srv/../etc',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /srv/../etc\n']],
    ['11:11 groups.eu.root: "/srv/../etc" holds "." or ".."; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'root /srv//a',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: /srv//a\n']],
    [
      '11:11 groups.eu.root: "/srv//a" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'root /srv/a b',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: "/srv/a b"\n']],
    [
      '11:11 groups.eu.root: "/srv/a b" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'root /srv/{{ x }}',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: "/srv/{{ x }}"\n']],
    [
      '11:11 groups.eu.root: "/srv/{{ x }}" has signs that a path here cannot have; use letters, digits, ".", "_" and "-", and single slashes between them',
    ],
  ],
  [
    'root ',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    root: ""\n']],
    ['11:11 groups.eu.root: "" is not absolute; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'nested roots on one server',
    [
      [
        '    balancers: [lb1]\n',
        '    balancers: [lb1]\n    root: /srv/sites\n  us:\n    kind: cluster\n    members: [web1]\n    root: /srv/sites/us\n',
      ],
    ],
    [
      '15:11 groups.us.root: the root "/srv/sites/us" and "/srv/sites" of group "eu" are nested on servers of both; give them one root, or two apart',
    ],
  ],
]);

test('Port 443 is free on a balancer whose environments have no TLS', () => {
  expect(errorsOf(spoiled(['projects:\n', '  edge:\n    kind: cluster\n    members: [lb1]\n    port: 443\nprojects:\n']))).toEqual([]);
});
