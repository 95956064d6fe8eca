import { expect, test } from 'vitest';
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
