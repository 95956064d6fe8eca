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
  expect(plan.changes).toContainEqual({ host: 'nfs1', change: 'checked, keeps the shared files already' });
});

test('nothing is provisioned while the storage does not answer', () => {
  expect(() => planProvision(spec, 'eu', { hosts: { web1: bare, lb1: bare }, unreachable: { nfs1: 'no route to host' } })).toThrow(/nfs1 did not answer/);
});
