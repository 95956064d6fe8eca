import { homedir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseSpec } from '../../spec/parse-spec.ts';
import type { Spec } from '../../spec/spec.ts';
import { spoiled, VALID } from './valid-spec.ts';

const parsed = (text: string | Uint8Array, file = '/sites/musher.yml'): Spec => {
  const result = parseSpec(text, file);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.spec;
};

const withLine = (line: string, after: string) => parsed(spoiled([after, `${after}\n${line}`]));

test('fills in every default', () => {
  const server = { port: 22, user: 'deploy', become: true, python: '/usr/bin/python3' };
  expect(parsed(VALID)).toEqual({
    version: 1,
    servers: {
      web1: { name: 'web1', address: '192.0.2.11', ...server },
      web2: { name: 'web2', address: 'web2.example.net', ...server },
      lb1: { name: 'lb1', address: '192.0.2.30', ...server },
    },
    groups: {
      eu: {
        name: 'eu',
        kind: 'cluster',
        members: ['web1', 'web2'],
        balancers: ['lb1'],
        root: '/var/aegir/projects',
        web: 'nginx',
        port: 80,
        code: 'rsync',
        files: 'none',
      },
    },
    projects: {
      shop: {
        name: 'shop',
        app: 'drupal',
        source: { type: 'git', git: 'https://git.example.net/shop.git' },
        shared: [
          { path: 'web/sites/default/files', type: 'directory' },
          { path: 'private', type: 'directory' },
        ],
        docroot: 'web',
        hooks: { once: ['bin/update'], each: [] },
        environments: {
          live: {
            name: 'live',
            group: 'eu',
            ref: 'main',
            domains: ['shop.example.net'],
            health: { check: 'http', path: '/', expect: 200, timeoutSeconds: 10 },
            batch: { unit: 'members', value: 1 },
            keep: 5,
            onFailure: 'rollback',
            tolerate: { unit: 'members', value: 0 },
            workers: 8,
            hookTimeoutSeconds: 3600,
            drainTimeoutSeconds: 60,
            retryTimeoutSeconds: 300,
          },
        },
      },
    },
  });
});

test('is plain JSON', () => {
  const spec = parsed(VALID);
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
});

describe('presets', () => {
  const preset = (app: string, more = '') => {
    const { docroot, shared } = parsed(spoiled(['app: drupal', `app: ${app}${more}`])).projects.shop!;
    return [docroot, ...shared.map(({ path }) => path)];
  };
  test.each([
    ['drupal', ['web', 'web/sites/default/files', 'private']],
    ['wordpress', ['', 'wp-content/uploads']],
    ['php', ['']],
    ['static', ['']],
  ])('%s', (app, expected) => expect(preset(app)).toEqual(expected));

  test('shared paths follow a docroot that is stated', () => {
    expect(preset('drupal', '\n    docroot: html')).toEqual(['html', 'html/sites/default/files', 'private']);
    expect(preset('wordpress', '\n    docroot: ./public/')).toEqual(['public', 'public/wp-content/uploads']);
    expect(preset('drupal', '\n    docroot: .')).toEqual(['', 'sites/default/files', 'private']);
  });

  test('what is stated replaces the preset', () => {
    expect(preset('drupal', '\n    shared: [./data/, { path: conf/local.php, type: file }]')).toEqual(['web', 'data', 'conf/local.php']);
    expect(preset('drupal', '\n    shared: []')).toEqual(['web']);
  });
});

describe('local paths', () => {
  test("are seen from the file's folder", () => {
    const source = (text: string) =>
      parsed(spoiled(['{ git: "https://git.example.net/shop.git" }', text], ['        ref: main\n', ''])).projects.shop!.source;
    expect(source('{ directory: ./shop }')).toEqual({ type: 'directory', directory: '/sites/shop' });
    expect(source('{ directory: ../shop }')).toEqual({ type: 'directory', directory: '/shop' });
    expect(source('{ directory: /srv/shop }')).toEqual({ type: 'directory', directory: '/srv/shop' });
    // A folder that holds the spec knows which file that is.
    expect(source('{ directory: . }')).toEqual({ type: 'directory', directory: '/sites', spec: 'musher.yml' });
    expect(source('{ directory: .. }')).toEqual({ type: 'directory', directory: '/', spec: 'sites/musher.yml' });
    const sha256 = 'AB'.repeat(32);
    expect(source(`{ archive: a.tgz, sha256: "sha256:${sha256}" }`)).toEqual({
      type: 'archive',
      archive: '/sites/a.tgz',
      sha256: sha256.toLowerCase(),
    });
    expect(withLine('        tls: { certificate: { file: x.pem } }', '        group: eu').projects.shop!.environments.live!.tls).toEqual({
      certificate: { file: '/sites/x.pem' },
    });
  });

  test('of playbooks among hooks are seen from there, too', () => {
    const hooks = (once: string) => parsed(spoiled(['[bin/update]', once])).projects.shop!.hooks.once;
    expect(hooks('[bin/update, { playbook: my hooks/update.yml }, { playbook: /srv/x.yml }, { playbook: ~/y.yml }]')).toEqual([
      'bin/update',
      { playbook: '/sites/my hooks/update.yml' },
      { playbook: '/srv/x.yml' },
      { playbook: `${homedir()}/y.yml` },
    ]);
  });

  test('know the home folder', () => {
    const key = (path: string) => parsed(spoiled(['user: deploy', `user: deploy, key: ${path}`])).servers.web1!.key;
    expect(key('~/.ssh/id')).toBe(`${homedir()}/.ssh/id`);
    expect(key('keys/id')).toBe('/sites/keys/id');
  });
});

test('git takes URLs, user@host:path and absolute paths', () => {
  const urls = [
    'https://git.example.net/shop.git',
    'http://[2001:db8::1]:8080/shop.git',
    'ssh://git@git.example.net:2222/shop.git',
    'git://git.example.net/shop.git',
    'file:///srv/git/shop.git',
    'git@git.example.net:clients/shop.git',
    '/srv/git/shop.git',
  ];
  for (const git of urls)
    expect(parsed(spoiled(['https://git.example.net/shop.git', git])).projects.shop!.source).toEqual({ type: 'git', git });
});

test('times are seconds, minutes or hours; amounts are members or a percentage', () => {
  const line = '        hook_timeout: 5m\n        drain_timeout: 45\n        retry_timeout: 2h\n        batch: 25%\n        tolerate: "1"';
  expect(withLine(line, '        group: eu').projects.shop!.environments.live).toMatchObject({
    hookTimeoutSeconds: 300,
    drainTimeoutSeconds: 45,
    retryTimeoutSeconds: 7200,
    batch: { unit: 'percent', value: 25 },
    tolerate: { unit: 'members', value: 1 },
  });
});

test('domains are held in lower case', () => {
  expect(parsed(spoiled(['[shop.example.net]', '[Shop.Example.NET]'])).projects.shop!.environments.live!.domains).toEqual([
    'shop.example.net',
  ]);
});

test('one domain may be in two groups that share no server', () => {
  const text = spoiled(
    ['  lb1:', '  web3: { address: web3.example.net, user: deploy }\n  lb1:'],
    ['projects:', '  us: { kind: cluster, members: [web3] }\nprojects:'],
    ['      live:', '      copy: { group: us, ref: main, domains: [shop.example.net] }\n      live:'],
  );
  expect(Object.keys(parsed(text).projects.shop!.environments)).toEqual(['copy', 'live']);
});

test('groups on the same servers may share a root', () => {
  const text = spoiled(['projects:', '  us: { kind: cluster, members: [web1], port: 8080 }\nprojects:']);
  expect(parsed(text).groups.us!.root).toBe('/var/aegir/projects');
});

const DOMAINS = '        domains: [shop.example.net]\n';

test.each([
  ['rollback', 'rollback'],
  ['pause', { pauseSeconds: 4 * 3600, otherwise: 'rollback' }],
  ['{ pause: 30m }', { pauseSeconds: 1800, otherwise: 'rollback' }],
  ['{ pause: 168h, then: abort }', { pauseSeconds: 7 * 24 * 3600, otherwise: 'abort' }],
])('on_failure: %s', (said, onFailure) => {
  expect(parsed(spoiled([DOMAINS, `${DOMAINS}        on_failure: ${said}\n`])).projects['shop']!.environments['live']!.onFailure).toEqual(onFailure);
});

test.each([
  ['nothing', undefined, undefined, undefined],
  ['required', undefined, 'required', 24 * 3600],
  ['a time', undefined, '{ within: 2h }', 7200],
  ['what the project says', '{ within: 8h }', undefined, 8 * 3600],
  ['another time than the project', 'required', '{ within: 2h }', 7200],
  ['none, in spite of the project', 'required', 'none', undefined],
])('an approval: %s', (_, ofProject, own, withinSeconds) => {
  const lines: [string, string][] = [
    ...(own === undefined ? [] : [[DOMAINS, `${DOMAINS}        approval: ${own}\n`] as [string, string]]),
    ...(ofProject === undefined ? [] : [['    app: drupal\n', `    app: drupal\n    approval: ${ofProject}\n`] as [string, string]]),
  ];
  expect(parsed(spoiled(...lines)).projects['shop']!.environments['live']!.approval).toEqual(withinSeconds === undefined ? undefined : { withinSeconds });
});

describe('where code and files are', () => {
  const keeping = (kind: string, ...lines: string[]) => {
    const { code, image, files, storage } = parsed(spoiled(['kind: cluster', `kind: ${kind}`], ['    balancers: [lb1]\n', `    balancers: [lb1]\n${lines.map((line) => `    ${line}\n`).join('')}`])).groups['eu']!;
    return { code, image, files, storage };
  };
  const nfs = { server: 'lb1', export: '/var/aegir/projects', scope: 'environment' };

  test.each([
    ['a cluster', keeping('cluster'), { code: 'rsync', files: 'none', storage: undefined }],
    ['a pack', keeping('pack', 'storage: { server: lb1 }'), { code: 'nfs', files: 'nfs', storage: nfs }],
    ['a cluster with files', keeping('cluster', 'files: { server: lb1 }'), { code: 'rsync', files: 'nfs', storage: nfs }],
    ['the same in words', keeping('cluster', 'files: nfs', 'storage: { server: lb1 }'), { code: 'rsync', files: 'nfs', storage: nfs }],
    ['both, of one server', keeping('pack', 'files: { server: lb1 }', 'storage: { server: lb1, export: /srv/packs/ }'), { code: 'nfs', files: 'nfs', storage: { ...nfs, export: '/srv/packs' } }],
    ['code alone', keeping('pack', 'files: none', 'storage: { server: lb1, scope: group }'), { code: 'nfs', files: 'none', storage: { ...nfs, scope: 'group' } }],
    ['images of releases', keeping('pack', 'code: image', 'storage: { server: lb1 }'), { code: 'nfs', image: true, files: 'nfs', storage: nfs }],
    ['a pack with its code on disk', keeping('pack', 'code: rsync', 'root: /srv/sites', 'storage: { server: lb1 }'), { code: 'rsync', files: 'nfs', storage: { ...nfs, export: '/srv/sites' } }],
    ['one of which has a file system of its own', keeping('pack', 'storage: { server: lb1, volumes: { shop/live: /srv/volumes/shop/ } }'), { code: 'nfs', files: 'nfs', storage: { ...nfs, volumes: { 'shop/live': '/srv/volumes/shop' } } }],
    ['none of which has one', keeping('pack', 'storage: { server: lb1, volumes: {} }'), { code: 'nfs', files: 'nfs', storage: nfs }],
    ['a storage that is a member', keeping('pack', 'storage: { server: web1 }'), { code: 'nfs', files: 'nfs', storage: { ...nfs, server: 'web1' } }],
  ])('%s', (_, found, wanted) => {
    expect(found).toEqual(wanted);
  });
});
