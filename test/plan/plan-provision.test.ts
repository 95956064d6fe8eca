import { describe, expect, test } from 'vitest';
import type { HostObservation } from '../../contract/observation.ts';
import { planProvision } from '../../plan/plan-provision.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import { sliceForGroup } from '../../spec/slice.ts';
import { rolesOf } from '../../activities/roles.ts';

const TEXT = `version: 1
servers:
  web1: { address: 192.0.2.11, user: deploy }
  lb1: { address: 192.0.2.30, user: deploy }
  nfs1: { address: 192.0.2.20, user: deploy }
groups:
  eu: { kind: cluster, members: [web1], balancers: [lb1], files: { server: nfs1 } }
projects:
  shop:
    app: php
    source: { directory: . }
    environments:
      live: { group: eu, domains: [shop.example.net] }
`;
const parsed = parseSpec(TEXT, '/musher.yml');
if (!('spec' in parsed)) throw new Error(JSON.stringify(parsed.errors));
const spec = sliceForGroup(parsed.spec, 'eu');
const bare: HostObservation = { epochs: {}, environments: {}, balancer: null, exports: null };

test('the storage of shared files is a server of its group', () => {
  const plan = planProvision(spec, 'eu', { hosts: { web1: bare, lb1: bare, nfs1: bare }, unreachable: {} });
  expect(Object.keys(plan.servers)).toEqual(['web1', 'lb1', 'nfs1']);
  expect(plan.changes).toContainEqual({ host: 'nfs1', change: 'keeps the shared files of shop/live' });
  expect(rolesOf(plan.group)).toEqual({ members: ['web1'], balancers: ['lb1'], storage: ['nfs1'] });
  expect(rolesOf(plan.group, ['nfs1'])).toEqual({ members: [], balancers: [], storage: ['nfs1'] });
});

test('what the storage exports already is only checked', () => {
  const nfs1 = { ...bare, exports: { '/var/aegir/projects/shop/live/shared': ['192.0.2.11'] } };
  const plan = planProvision(spec, 'eu', { hosts: { web1: bare, lb1: bare, nfs1 }, unreachable: {} });
  expect(plan.changes).toContainEqual({ host: 'nfs1', change: 'keeps the shared files; what differs from the spec is changed' });
});

const texts = (of: string, hosts: Record<string, HostObservation>, group = spec) => planProvision(group, 'eu', { hosts, unreachable: {} }).changes.flatMap(({ host, change }) => (host === of ? [change] : []));
const SHARED = '/var/aegir/projects/shop/live/shared';
const MOUNTED = { ...bare, environments: { 'shop/live': environmentWith([]) } };

test('of bare servers it is said what each gets', () => {
  const hosts = { web1: bare, lb1: bare, nfs1: bare };
  expect(texts('nfs1', hosts)).toEqual([
    'keeps the shared files of shop/live',
    'gets the NFS server, where it is not installed',
    'shop/live: the user m-shop--live (31832)',
    `exports ${SHARED} to web1`,
  ]);
  expect(texts('web1', hosts)).toEqual([
    'made ready for shop/live',
    'gets nginx, PHP, the NFS client, where they are not installed',
    'shop/live: the user m-shop--live (31832), the folder /var/aegir/projects/shop/live',
    `shop/live: mounts 192.0.2.20:${SHARED} at ${SHARED}`,
    'shop/live: nginx for shop.example.net on port 80, PHP with 8 processes',
  ]);
  expect(texts('lb1', hosts)).toEqual(['gets HAProxy, where it is not installed', 'balances shop/live for shop.example.net over web1']);
});

test('a new member is exported to, and balanced over', () => {
  const grown = parseSpec(TEXT.replace('members: [web1]', 'members: [web1, web2]').replace('  lb1:', '  web2: { address: 192.0.2.12, user: deploy }\n  lb1:'), '/musher.yml');
  if (!('spec' in grown)) throw new Error(JSON.stringify(grown.errors));
  const lb1: HostObservation = { ...bare, balancer: { backends: { shop_live: { web1: { admin: 'ready', held: false } } }, groups: { eu: ['shop_live'] } } };
  const hosts = { web1: MOUNTED, web2: bare, lb1, nfs1: { ...bare, exports: { [SHARED]: ['192.0.2.11'] } } };
  const group = sliceForGroup(grown.spec, 'eu');
  expect(texts('nfs1', hosts, group)).toEqual(['keeps the shared files; what differs from the spec is changed', `exports ${SHARED} to web1, web2 (so far to one address)`]);
  expect(texts('web1', hosts, group)).toEqual(['is ready; what differs from the spec is changed']);
  expect(texts('lb1', hosts, group)).toEqual(['balances shop/live over web1, web2 (so far over web1)']);
});

describe('of servers that have on record what they were provisioned for', () => {
  const told = (settings: Record<string, [unknown, unknown]>): Record<string, HostObservation> => ({
    web1: { ...bare, environments: { 'shop/live': { ...environmentWith([]), settings } } },
    lb1: { ...bare, balancer: { backends: { shop_live: { web1: { admin: 'ready', held: false } } }, groups: { eu: ['shop_live'] } } },
    nfs1: { ...bare, exports: { [SHARED]: ['192.0.2.11'] } },
  });

  test('it is said that nothing has changed', () => {
    expect(texts('web1', told({}))).toEqual(['is ready, as the spec has it; what else differs is put right']);
    expect(texts('lb1', told({}))).toEqual(['balances all of them as the spec has it; what else differs is put right']);
  });

  test('it is said what has, to each server what it acts on', () => {
    const hosts = told({ workers: [8, 12], domains: [['shop.example.net'], ['shop.example.net', 'www.example.net']], docroot: ['', 'web'], tls: [false, true], shared: [[], [{ path: 'files', type: 'directory' }]] });
    expect(texts('web1', hosts)).toEqual([
      'shop/live: workers 12 (so far 8); domains shop.example.net, www.example.net (so far shop.example.net); docroot web (so far none); tls yes (so far none); shared files (so far none)',
    ]);
    expect(texts('lb1', hosts)).toEqual(['shop/live: workers 12 (so far 8); domains shop.example.net, www.example.net (so far shop.example.net); tls yes (so far none)']);
    expect(texts('web1', told({ health: [{ path: '/', expect: 200 }, { path: '/up', expect: 204 }] }))).toEqual(['shop/live: health path /up expect 204 (so far path / expect 200)']);
    expect(texts('lb1', told({ docroot: ['', 'web'] }))).toEqual(['balances all of them as the spec has it; what else differs is put right']);
  });
});

const OLD = '/var/aegir/projects/shop/old/shared';
const keeping = (more: Partial<HostObservation> = {}): HostObservation => ({ ...bare, exports: { [SHARED]: ['192.0.2.11'], [OLD]: ['192.0.2.11'], '/var/aegir/projects/blog/live/shared': ['192.0.2.13'] }, exportsOf: { eu: [SHARED, OLD], us: ['/var/aegir/projects/blog/live/shared'] }, ...more });

test('what the storage exports for an environment that the spec no longer has is named, and no other group’s', () => {
  expect(texts('nfs1', { web1: MOUNTED, lb1: bare, nfs1: keeping() })).toEqual(['keeps the shared files; what differs from the spec is changed', 'no longer exports shop/old']);
  // As an older version observed it.
  const { exportsOf: _, ...older } = keeping();
  expect(texts('nfs1', { web1: MOUNTED, lb1: bare, nfs1: older })).toEqual(['keeps the shared files; what differs from the spec is changed']);
});

test('it is not taken away from a member that still mounts it', () => {
  const mounting = (...sources: string[]) => () => planProvision(spec, 'eu', { hosts: { web1: { ...MOUNTED, sources }, lb1: bare, nfs1: keeping() }, unreachable: {} });
  expect(mounting(`192.0.2.20:${SHARED}`, `192.0.2.20:${OLD}`)).toThrow(
    expect.objectContaining({
      type: 'still-mounted',
      message: 'nfs1 would no longer export shop/old, which the spec no longer has for eu. web1 still mounts it, and whatever reads there would hang or fail. Put it back in the spec, or take it off the members first.',
      hosts: { web1: `mounts 192.0.2.20:${OLD}` },
    }) as Error,
  );
  expect(mounting(`192.0.2.20:${SHARED}`, `192.0.2.99:${OLD}`)).not.toThrow();
});

test.each([
  ['group', 'environment', '/var/aegir/projects'],
  ['environment', 'group', SHARED],
])('the scope of exports is not changed from %s to %s under a member that mounts them', (was, is, exported) => {
  const changed = parseSpec(TEXT.replace('files: { server: nfs1 }', `code: nfs, storage: { server: nfs1, scope: ${is} }`), '/musher.yml');
  if (!('spec' in changed)) throw new Error(JSON.stringify(changed.errors));
  const plan = (sources: string[]) => () =>
    planProvision(sliceForGroup(changed.spec, 'eu'), 'eu', { hosts: { web1: { ...MOUNTED, sources }, lb1: bare, nfs1: { ...bare, exportsOf: { eu: [exported] } } }, unreachable: {} });
  expect(plan([`192.0.2.20:${SHARED}`])).toThrow(
    expect.objectContaining({ type: 'still-mounted', message: expect.stringContaining(`nfs1 exports what it keeps for eu with "scope: ${was}", and the spec says "scope: ${is}". web1 mounts it`) as string }) as Error,
  );
  expect(plan([])).not.toThrow();
});

test('nothing is provisioned while the storage does not answer', () => {
  expect(() => planProvision(spec, 'eu', { hosts: { web1: bare, lb1: bare }, unreachable: { nfs1: 'no route to host' } })).toThrow(/nfs1 did not answer/);
});

test.each<[what: string, groups: string, there: HostObservation['environments'], refused: RegExp | undefined]>([
  ['on another storage, which has nothing', 'files: { server: nfs1 }', {}, /^The shared files of shop\/live are kept at 192\.0\.2\.99:\/srv\/shared, and the spec wants them at 192\.0\.2\.20:\/var\/aegir\/projects\/shop\/live\/shared, which has not got them/],
  ['on another storage, to which a part was copied', 'files: { server: nfs1 }', { 'shop/live': environmentWith(['data']) }, /are kept at/],
  ['on another storage, to which all was copied', 'files: { server: nfs1 }', { 'shop/live': environmentWith(['data', 'files']) }, undefined],
  ['on the members', 'files: none', {}, /and the spec wants them on each member\./],
])('shared files that a spec wants %s', (_what, line, there, refused) => {
  const moved = parseSpec(TEXT.replace('files: { server: nfs1 }', line), '/musher.yml');
  if (!('spec' in moved)) throw new Error(JSON.stringify(moved.errors));
  const web1 = { ...bare, environments: { 'shop/live': { ...environmentWith(['data', 'files']), files: { mounted: true, gone: null, source: '192.0.2.99:/srv/shared' } } } };
  const plan = () => planProvision(sliceForGroup(moved.spec, 'eu'), 'eu', { hosts: { web1, lb1: bare, nfs1: { ...bare, environments: there } }, unreachable: {} });
  if (refused) expect(plan).toThrow(refused);
  else expect(plan).not.toThrow();
});

function environmentWith(shared: string[]): HostObservation['environments'][string] {
  return { releases: [], current: null, provisioned: true, shared, code: null, files: null };
}
