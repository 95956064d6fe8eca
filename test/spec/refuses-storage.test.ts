import { expect, test } from 'vitest';
import { errorsOf, refuses, type Case } from './refuses.ts';
import { spoiled } from './valid-spec.ts';

const lines = (...more: string[]): [string, string] => ['    balancers: [lb1]\n', `    balancers: [lb1]\n${more.map((line) => `    ${line}\n`).join('')}`];
const PACK: [string, string] = ['kind: cluster', 'kind: pack'];
const other = (...more: string[]): [string, string] => ['projects:\n', `  us:\n${more.map((line) => `    ${line}\n`).join('')}projects:\n`];

refuses('where code and files are', [
  ['a pack without a storage', [PACK], ['8:11 groups.eu.kind: needs a "storage"; add "storage: { server: … }": the server that exports it over NFS']],
  ['code on NFS without a storage', [lines('code: nfs')], ['11:11 groups.eu.code: needs a "storage"; add "storage: { server: … }": the server that exports it over NFS']],
  ['files on NFS without a storage', [lines('files: nfs')], ['11:12 groups.eu.files: needs a "storage"; add "storage: { server: … }": the server that exports it over NFS']],
  ['a storage for nothing', [lines('storage: { server: lb1 }')], ['11:5 groups.eu.storage: nothing of this group is on NFS; write "files: nfs" or "code: nfs", or leave "storage" out']],
  [
    'a pack with nothing on NFS',
    [PACK, lines('code: rsync', 'files: none')],
    ['8:11 groups.eu.kind: a pack keeps code or files on NFS, and here both are said not to be; write "kind: cluster"'],
  ],
  ['another way for code', [lines('code: nsf')], ['11:11 groups.eu.code: must be "rsync", "nfs" or "image", not "nsf"; did you mean "nfs"?']],
  ['another way for files', [lines('files: rsync')], ['11:12 groups.eu.files: must be "nfs" or "none", not "rsync"']],
  ['files as a number', [lines('files: 1')], ['11:12 groups.eu.files: must be "nfs", "none" or a map, not the number 1; where the shared paths of every environment are: nfs, on the storage, or none, on each member its own']],
  [
    'two storages',
    [lines('files: { server: web1 }', 'storage: { server: lb1 }')],
    ['11:22 groups.eu.files.server: the storage is "lb1" already; write "files: nfs", or the same server: a group has one storage'],
  ],
  ['a storage without a server', [PACK, lines('storage: {}')], ['11:14 groups.eu.storage.server: is missing; add "server": name of the server that keeps what is on NFS']],
  ['an unknown storage', [PACK, lines('storage: { server: lb2 }')], ['11:24 groups.eu.storage.server: no server "lb2"; did you mean "lb1"?']],
  [
    'an unknown scope',
    [PACK, lines('storage: { server: lb1, scope: environments }')],
    ['11:36 groups.eu.storage.scope: must be "environment" or "group", not "environments"; did you mean "environment"?'],
  ],
  [
    'all of a group, of which only files are on NFS',
    [lines('files: nfs', 'storage: { server: lb1, scope: group }')],
    ['12:36 groups.eu.storage.scope: "group" is for code on NFS, and this group has it on each member; leave "scope" out'],
  ],
  [
    'a storage that is a member, with folders elsewhere',
    [PACK, lines('storage: { server: web1, export: /srv/packs }')],
    ['11:38 groups.eu.storage.export: "web1" is a member, too, and has its folders in the root "/var/aegir/projects"; leave "export" out, or keep them on a server that is not a member'],
  ],
]);

const exported = (path: string, says: string): Case => [
  `an export of ${path}`,
  [PACK, lines(`storage: { server: lb1, export: ${path} }`)],
  [`11:37 groups.eu.storage.export: "${path}" ${says}; give it a folder of its own, such as /var/aegir/projects or /srv/sites`],
];
refuses('what is exported', [
  exported('srv/packs', 'is not absolute'),
  exported('/', 'is a folder of the system'),
  exported('/etc/packs', 'is a folder of the system'),
  exported('/srv', 'is a folder of the system'),
  ...['/tmp/packs', '/var/lib/nfs', '/var/lib/nfs/packs', '/var/lib/docker/volumes', '/var/opt', '/snap/packs'].map((folder) => exported(folder, 'is a folder of the system')),
  exported('/srv/../etc', 'holds "." or ".."'),
]);

refuses('folders of two groups', [
  [
    'one export in another',
    [PACK, lines('storage: { server: lb1, export: /srv/packs }'), other('kind: pack', 'members: [web1]', 'storage: { server: lb1, export: /srv/packs/us }')],
    ['15:37 groups.us.storage.export: the export "/srv/packs/us" and "/srv/packs" of group "eu" are nested on servers of both; give them one root, or two apart'],
  ],
  [
    'one folder exported as a whole, and by environments',
    [PACK, lines('storage: { server: lb1, scope: group }'), other('kind: pack', 'members: [web1]', 'storage: { server: lb1 }')],
    [
      '13:5 groups.us: "/var/aegir/projects" would be exported in another way than for group "eu", on the same storage; give both groups the same "scope" (and with "scope: group" the same "files"), or one of them another "export"',
    ],
  ],
  [
    'one folder exported for writing, and for reading',
    [
      PACK,
      lines('storage: { server: lb1, export: /srv/packs, scope: group }'),
      other('kind: pack', 'members: [web1]', 'files: none', 'storage: { server: lb1, export: /srv/packs, scope: group }'),
    ],
    [
      '16:37 groups.us.storage.export: "/srv/packs" would be exported in another way than for group "eu", on the same storage; give both groups the same "scope" (and with "scope: group" the same "files"), or one of them another "export"',
    ],
  ],
  [
    'one folder exported as a whole to a member of both',
    [
      PACK,
      lines('storage: { server: lb1, export: /srv/packs, scope: group }'),
      other('kind: pack', 'members: [web1]', 'port: 8080', 'storage: { server: lb1, export: /srv/packs, scope: group }'),
    ],
    [
      '16:37 groups.us.storage.export: "/srv/packs" would be exported as a whole to one member twice, for group "eu" too; write "scope: environment" for both groups, or give one of them another "export"',
    ],
  ],
  [
    'one export in another of the same storage, which has two names',
    [
      PACK,
      ['groups:\n', '  nfsb: { address: 192.0.2.30, user: deploy }\ngroups:\n'],
      lines('storage: { server: lb1, export: /srv/packs }'),
      other('kind: pack', 'members: [web1]', 'storage: { server: nfsb, export: /srv/packs/us }'),
    ],
    ['16:38 groups.us.storage.export: the export "/srv/packs/us" and "/srv/packs" of group "eu" are nested on servers of both; give them one root, or two apart'],
  ],
  [
    'an export in the root of a member of another group',
    [PACK, lines('storage: { server: lb1, export: /var/aegir/projects/nfs }'), other('kind: cluster', 'members: [lb1]', 'port: 8080')],
    ['13:5 groups.us: the root "/var/aegir/projects" and "/var/aegir/projects/nfs" of group "eu" are nested on servers of both; give them one root, or two apart'],
  ],
]);

const volumes = (map: string, more = ''): [string, string] => lines(`storage: { server: lb1, ${more}volumes: ${map} }`);
refuses('volumes', [
  [
    'one of an environment that is not there',
    [PACK, volumes('{ shop/life: /srv/volumes/shop }')],
    ['11:40 groups.eu.storage.volumes["shop/life"]: no environment "shop/life" in this group; did you mean "shop/live"?'],
  ],
  [
    'one in a folder of the system',
    [PACK, volumes('{ shop/live: /etc/shop }')],
    ['11:51 groups.eu.storage.volumes["shop/live"]: "/etc/shop" is a folder of the system; give it a folder of its own, such as /var/aegir/projects or /srv/sites'],
  ],
  [
    'a list of them',
    [PACK, volumes('[/srv/volumes/shop]')],
    ['11:38 groups.eu.storage.volumes: must be a map, not a list; where on the storage an environment has a file system of its own mounted: folders by `project/environment`'],
  ],
  [
    'one where the whole group is exported',
    [PACK, volumes('{ shop/live: /srv/volumes/shop }', 'scope: group, ')],
    ['11:43 groups.eu.storage.volumes: members may mount the whole folder of the group; write "scope: environment", or leave "volumes" out'],
  ],
  [
    'one in the projects root',
    [PACK, volumes('{ shop/live: /var/aegir/projects/live }')],
    [
      '11:51 groups.eu.storage.volumes["shop/live"]: "/var/aegir/projects/live" and the projects root "/var/aegir/projects" are not apart on "lb1"; mount it at "/var/aegir/projects/shop/live", or outside of that root',
    ],
  ],
  [
    'one elsewhere on a storage that is a member',
    [PACK, lines('storage: { server: web1, volumes: { shop/live: /srv/volumes/shop } }')],
    ['11:52 groups.eu.storage.volumes["shop/live"]: "web1" is a member, too, and looks for this environment in "/var/aegir/projects/shop/live"; mount the file system there'],
  ],
  [
    'one in the projects root of the same storage, which has two names',
    [
      PACK,
      ['groups:\n', '  nfsb: { address: 192.0.2.30, user: deploy }\ngroups:\n'],
      lines('storage: { server: lb1, volumes: { shop/live: /srv/packs/live } }'),
      other('kind: pack', 'members: [web2]', 'storage: { server: nfsb, export: /srv/packs }'),
    ],
    ['12:51 groups.eu.storage.volumes["shop/live"]: "/srv/packs/live" and the projects root "/srv/packs" are not apart on "lb1"; mount it at "/var/aegir/projects/shop/live", or outside of that root'],
  ],
  [
    'one in another',
    [
      PACK,
      lines('storage: { server: lb1, export: /srv/packs, volumes: { shop/live: /srv/volumes/shop } }'),
      other('kind: pack', 'members: [web1]', 'storage: { server: lb1, volumes: { shop/test: /srv/volumes/shop/test } }'),
      ['domains: [shop.example.net]\n', 'domains: [shop.example.net]\n      test: { group: us, ref: main, domains: [test.example.net] }\n'],
    ],
    [
      '15:51 groups.us.storage.volumes["shop/test"]: "/srv/volumes/shop/test" and "/srv/volumes/shop" of "shop/live" are not apart on "lb1"; give each a file system of its own, none mounted in another',
    ],
  ],
]);

test('one folder is exported as a whole for two groups that have no member in common', () => {
  const text = spoiled(
    PACK,
    ['members: [web1, web2]', 'members: [web1]'],
    lines('storage: { server: lb1, export: /srv/packs, scope: group }'),
    other('kind: pack', 'members: [web2]', 'storage: { server: lb1, export: /srv/packs, scope: group }'),
  );
  expect(errorsOf(text)).toEqual([]);
});
