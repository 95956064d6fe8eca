import { refuses } from './refuses.ts';

refuses('the form of the file', [
  [
    'a misspelt key',
    [['members', 'memebrs']],
    [
      '8:5 groups.eu.members: is missing; add "members": names of the servers that serve',
      '9:5 groups.eu.memebrs: unknown key "memebrs"; did you mean "members"?',
    ],
  ],
  [
    'an unknown key',
    [['    balancers: [lb1]\n', '    balancers: [lb1]\n    flavour: sweet\n']],
    ['11:5 groups.eu.flavour: unknown key "flavour"; keys here: kind, members, balancers, root, web, reload, port, code, files, storage'],
  ],
  [
    'unknown keys at the top, of an object of JavaScript too',
    [['version: 1', 'version: 1\nserver: {}\nconstructor: 1\ntoString: 2']],
    [
      '2:1 server: unknown key "server"; did you mean "servers"?',
      '3:1 constructor: unknown key "constructor"; keys here: version, servers, groups, projects',
      '4:1 toString: unknown key "toString"; keys here: version, servers, groups, projects',
    ],
  ],
  [
    "another tool's word",
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, ssh_key: x }']],
    ['3:46 servers.web1.ssh_key: unknown key "ssh_key"; did you mean "key"?'],
  ],
  ['a missing version', [['version: 1\n', '']], ['1:1 version: is missing; add "version": version of this format: 1']],
  ['another version', [['version: 1', 'version: 2']], ['1:10 version: must be 1, not the number 2']],
  ['a version in quotes', [['version: 1', 'version: "1"']], ['1:10 version: must be 1, not "1"; write 1 without quotes']],
  ['a missing address', [['address: 192.0.2.11, ', '']], ['3:9 servers.web1.address: is missing; add "address": host name or IP address']],
  ['a server without its map', [['{ address: 192.0.2.11, user: deploy }', '']], ['3:9 servers.web1: must be a map, but is empty']],
  ['a list instead of a map', [['{ address: 192.0.2.11, user: deploy }', '[192.0.2.11]']], ['3:9 servers.web1: must be a map, not a list']],
  ['a word instead of a list', [['[web1, web2]', 'web1']], ['9:14 groups.eu.members: must be a list, not "web1"; write ["web1"]']],
  [
    'a map instead of a list',
    [['[web1, web2]', '{ web1: web2 }']],
    ['9:14 groups.eu.members: must be a list, not a map; names of the servers that serve'],
  ],
  [
    'a number instead of text',
    [['user: deploy', 'user: 12']],
    ['3:38 servers.web1.user: must be text, not the number 12; write it in quotes: "12"'],
  ],
  [
    'a version number that YAML shortens',
    [['ref: main', 'ref: 1.10']],
    ['20:14 projects.shop.environments.live.ref: must be text, not the number 1.1; write it in quotes: "1.10"'],
  ],
  [
    'a number in quotes',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: "22" }']],
    ['3:52 servers.web1.port: must be a number, not "22"; write 22 without quotes'],
  ],
  [
    'yes instead of true',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, become: yes }']],
    ['3:54 servers.web1.become: must be true or false, not "yes"; write true without quotes'],
  ],
  [
    'a fraction',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: 22.5 }']],
    ['3:52 servers.web1.port: must be a whole number, not the number 22.5; port of SSH'],
  ],
  [
    'not a number',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: .nan }']],
    ['3:52 servers.web1.port: must be a number, not NaN; port of SSH'],
  ],
  [
    'infinity',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, port: .inf }']],
    ['3:52 servers.web1.port: must be a number, not infinity; port of SSH'],
  ],
  [
    'no value',
    [['192.0.2.11, user: deploy }', '192.0.2.11, user: deploy, key: }']],
    ["3:51 servers.web1.key: must be text, but is empty; a private key on the worker's machine"],
  ],
  ['a map instead of a choice', [['kind: cluster', 'kind: {}']], ['8:11 groups.eu.kind: must be "cluster" or "pack", not a map']],
  ['a list instead of a version', [['version: 1', 'version: [1]']], ['1:10 version: must be 1, not a list']],
  [
    'a wrong choice',
    [['kind: cluster', 'kind: clutser']],
    ['8:11 groups.eu.kind: must be "cluster" or "pack", not "clutser"; did you mean "cluster"?'],
  ],
  [
    'lines that do not align',
    [['servers:\n  web1:', 'servers:\n    web1:']],
    [
      '4:1 is not valid YAML: All mapping items must start at the same column; indent the lines of one map or list alike',
      '5:1 is not valid YAML: All mapping items must start at the same column; indent the lines of one map or list alike',
    ],
  ],
  [
    'no servers',
    [
      [
        '  web1: { address: 192.0.2.11, user: deploy }\n  web2: { address: web2.example.net, user: deploy }\n  lb1: { address: 192.0.2.30, user: deploy }\n',
        '  {}\n',
      ],
    ],
    ['3:3 servers: is an empty map; write at least one'],
  ],
  [
    'a key twice',
    [['    app: drupal\n', '    app: drupal\n    app: php\n']],
    ['14:5 projects.shop: the key "app" is there twice; leave one of them out'],
  ],
  [
    'a name twice',
    [['  web2: {', '  web1: {']],
    [
      '4:3 servers: the key "web1" is there twice; leave one of them out',
      '9:21 groups.eu.members[1]: no server "web2"; did you mean "web1"?',
    ],
  ],
  [
    'all errors at once',
    [
      ['192.0.2.11, user: deploy', '-x, user: -y'],
      ['[web1, web2]', '[web1, wbe2, 7]'],
      ['app: drupal', 'app: durpal'],
      ['group: eu\n', 'group: eu-west\n        batch: 150%\n        kepe: 3\n'],
    ],
    [
      '3:20 servers.web1.address: "-x" is not a host name or IP address; write one like web1.example.net, 192.0.2.10 or 2001:db8::10',
      '3:30 servers.web1.user: "-y" is not a user name; at most 32 letters, digits, "_", "-" and ".", first a letter or "_"',
      '9:21 groups.eu.members[1]: no server "wbe2"; did you mean "web2"?',
      '9:27 groups.eu.members[2]: must be text, not the number 7; write it in quotes: "7"',
      '13:10 projects.shop.app: must be "drupal", "wordpress", "php" or "static", not "durpal"; did you mean "drupal"?',
      '19:16 projects.shop.environments.live.group: no group "eu-west"; groups here: "eu"',
      '20:16 projects.shop.environments.live.batch: "150%" is not an amount of members; write a number of members from 1, or a percentage from 1% to 100%',
      '21:9 projects.shop.environments.live.kepe: unknown key "kepe"; did you mean "keep"?',
    ],
  ],
  [
    'each name that is not a label',
    [
      ['  web1:', '  Web_1:'],
      ['[web1, web2]', '[web2]'],
      ['  eu:', '  -eu:'],
      ['group: eu', 'group: -eu'],
      ['  shop:', '  "my shop":'],
      ['      live:', '      llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll:'],
    ],
    [
      '3:3 servers.Web_1: "Web_1" is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last; did you mean "web-1"?',
      '7:3 groups.-eu: "-eu" is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last; did you mean "eu"?',
      '12:3 projects["my shop"]: "my shop" is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last; did you mean "my-shop"?',
      '18:7 projects["my shop"].environments.llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll: "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll" is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last; choose another',
    ],
  ],
  [
    'a name that Ansible keeps for itself',
    [
      ['  web1:', '  all:'],
      ['web1, ', ''],
    ],
    ['3:3 servers.all: the name "all" is reserved; choose another'],
  ],
  [
    'a name that JavaScript keeps for itself',
    [['  shop:', '  constructor:']],
    ['12:3 projects.constructor: the name "constructor" is reserved; choose another'],
  ],
  ['the key __proto__', [['  shop:', '  __proto__:']], ['12:3 projects: "__proto__" cannot be a key; leave it out']],
  [
    'a name that hides the screen',
    [['  shop:', '  "\\u202egpj\\u2069":']],
    [
      '12:3 projects["\\u202egpj\\u2069"]: "\\u202egpj\\u2069" is not a name: 1 to 63 lower-case letters, digits and "-", the "-" neither first nor last; did you mean "gpj"?',
    ],
  ],
]);
