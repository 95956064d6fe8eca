import { refuses } from './refuses.ts';

refuses('environments', [
  [
    'a name with "--"',
    [['      live:', '      li--ve:']],
    ['18:7 projects.shop.environments.li--ve: "li--ve" holds "--", which stands between project and environment; did you mean "li-ve"?'],
  ],
  [
    'two environments of one user number',
    [
      ['      live:', '      e1689:\n        group: eu\n        ref: main\n        domains: [test.example.net]\n      e891:'],
    ],
    ['22:7 projects.shop.environments.e891: "shop/e891" and "shop/e1689" would be one user (number 40513) on servers of both; rename one of them'],
  ],
  [
    'an unknown group',
    [['group: eu', 'group: eu-west']],
    ['19:16 projects.shop.environments.live.group: no group "eu-west"; groups here: "eu"'],
  ],
  [
    'a misspelt group',
    [
      ['group: eu', 'group: ue'],
      ['  eu:', '  eu:'],
    ],
    ['19:16 projects.shop.environments.live.group: no group "ue"; did you mean "eu"?'],
  ],
  [
    'git without a ref',
    [['        ref: main\n', '']],
    ['19:9 projects.shop.environments.live.ref: is missing; add "ref": the branch, tag or commit to deploy from git'],
  ],
  [
    'a ref without git',
    [['{ git: "https://git.example.net/shop.git" }', '{ directory: shop }']],
    ['20:9 projects.shop.environments.live.ref: belongs to a git source; leave it out'],
  ],
  [
    'ref -x',
    [['ref: main', 'ref: -x']],
    ['20:14 projects.shop.environments.live.ref: "-x" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'ref "a b"',
    [['ref: main', 'ref: "a b"']],
    ['20:14 projects.shop.environments.live.ref: "a b" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'ref a..b',
    [['ref: main', 'ref: a..b']],
    ['20:14 projects.shop.environments.live.ref: "a..b" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'ref "a:b"',
    [['ref: main', 'ref: "a:b"']],
    ['20:14 projects.shop.environments.live.ref: "a:b" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'ref x.lock',
    [['ref: main', 'ref: x.lock']],
    ['20:14 projects.shop.environments.live.ref: "x.lock" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'ref "@{1}"',
    [['ref: main', 'ref: "@{1}"']],
    ['20:14 projects.shop.environments.live.ref: "@{1}" is not a git ref; write a branch, a tag or a commit'],
  ],
  ['ref ""', [['ref: main', 'ref: ""']], ['20:14 projects.shop.environments.live.ref: is empty; write a branch, a tag or a commit']],
  [
    'ref "a\\\\b"',
    [['ref: main', 'ref: "a\\\\b"']],
    ['20:14 projects.shop.environments.live.ref: "a\\\\b" is not a git ref; write a branch, a tag or a commit'],
  ],
  [
    'domains []',
    [['[shop.example.net]', '[]']],
    ['21:18 projects.shop.environments.live.domains: is an empty list; write at least one: domains that it answers to'],
  ],
  [
    'domains [shop.example.net, SHOP.example.net]',
    [['[shop.example.net]', '[shop.example.net, SHOP.example.net]']],
    ['21:37 projects.shop.environments.live.domains[1]: "SHOP.example.net" is listed twice; leave one of them out'],
  ],
  [
    'domains ["*.example.net"]',
    [['[shop.example.net]', '["*.example.net"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "*.example.net" is not a domain; wildcards cannot be used yet: list each domain'],
  ],
  [
    'domains ["https://shop.example.net/a"]',
    [['[shop.example.net]', '["https://shop.example.net/a"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "https://shop.example.net/a" is not a domain; did you mean "shop.example.net"?'],
  ],
  [
    'domains ["shop.example.net:8080"]',
    [['[shop.example.net]', '["shop.example.net:8080"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "shop.example.net:8080" is not a domain; did you mean "shop.example.net"?'],
  ],
  [
    'domains ["shop.example.net."]',
    [['[shop.example.net]', '["shop.example.net."]']],
    ['21:19 projects.shop.environments.live.domains[0]: "shop.example.net." is not a domain; did you mean "shop.example.net"?'],
  ],
  [
    'domains [münchen.de]',
    [['[shop.example.net]', '[münchen.de]']],
    [
      '21:19 projects.shop.environments.live.domains[0]: "münchen.de" is not a domain; did you mean "xn--mnchen-3ya.de" (its form in ASCII)?',
    ],
  ],
  [
    'domains ["a b"]',
    [['[shop.example.net]', '["a b"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "a b" is not a domain; write one like shop.example.net'],
  ],
  [
    'domains [10.0.0.1]',
    [['[shop.example.net]', '[10.0.0.1]']],
    ['21:19 projects.shop.environments.live.domains[0]: "10.0.0.1" is not a domain; write one like shop.example.net'],
  ],
  [
    'domains ["-x"]',
    [['[shop.example.net]', '["-x"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "-x" is not a domain; write one like shop.example.net'],
  ],
  [
    'domains ["a;b"]',
    [['[shop.example.net]', '["a;b"]']],
    ['21:19 projects.shop.environments.live.domains[0]: "a;b" is not a domain; write one like shop.example.net'],
  ],
  [
    'a domain twice in one group',
    [
      [
        '        domains: [shop.example.net]\n',
        '        domains: [shop.example.net]\n      test: { group: eu, ref: main, domains: [Shop.example.net] }\n',
      ],
    ],
    [
      '22:47 projects.shop.environments.test.domains[0]: "Shop.example.net" is a domain of "shop/live" already, on the same servers; leave one of them out',
    ],
  ],
  [
    'a domain twice behind one balancer',
    [
      [
        '        domains: [shop.example.net]\n',
        '        domains: [shop.example.net]\n      test: { group: us, ref: main, domains: [shop.example.net] }\n',
      ],
      ['projects:', '  us: { kind: cluster, members: [web3], balancers: [lb1] }\nprojects:'],
      ['  lb1:', '  web3: { address: web3.example.net, user: deploy }\n  lb1:'],
    ],
    [
      '24:47 projects.shop.environments.test.domains[0]: "shop.example.net" is a domain of "shop/live" already, on the same servers; leave one of them out',
    ],
  ],
]);
