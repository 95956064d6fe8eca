import { expect, test } from 'vitest';
import { deployRequest } from '../../client/requests.ts';
import type { HostObservation, Observation } from '../../contract/observation.ts';
import type { DeployPlan } from '../../contract/plan.ts';
import { planRecovery } from '../../plan/plan-recovery.ts';
import { planRollOut } from '../../plan/plan-roll-out.ts';
import { targetOf } from '../../plan/target.ts';
import { shopSpec } from '../workflows/shop-spec.ts';

const MEMBERS = ['web1', 'web2', 'web3'] as const;
type Admin = 'ready' | 'drain' | 'maint';
type Seen = Partial<Record<(typeof MEMBERS)[number], { release?: string | null; admin?: Admin; held?: boolean }>>;

const { spec } = deployRequest(shopSpec(), { project: 'shop', environment: 'live' });
const target = targetOf(spec, 'shop', 'live');

/** Members that serve `old` and are asked, but for what is said otherwise. */
function observed(seen: Seen = {}, kept = ['old', 'new']): Observation {
  const member = (name: (typeof MEMBERS)[number]): HostObservation => {
    const { release: current = 'old' } = seen[name] ?? {};
    return { epochs: { 'shop/live': 7 }, environments: { 'shop/live': { releases: kept.map((id) => ({ id, checksum: id })), current, provisioned: true, shared: [], code: null, files: null } }, balancer: null, exports: null };
  };
  const servers = Object.fromEntries(MEMBERS.map((name) => [name, { admin: seen[name]?.admin ?? ('ready' as const), held: seen[name]?.held ?? false }]));
  const lb1: HostObservation = { epochs: {}, environments: {}, balancer: { backends: { shop_live: servers }, groups: {} }, exports: null };
  return { hosts: { lb1, ...Object.fromEntries(MEMBERS.map((name) => [name, member(name)])) }, unreachable: {} };
}

const planned = (before: Observation = observed()): DeployPlan => planRollOut(target, before, { operation: 'deploy', release: { id: 'new', checksum: null } });
const back = (now: Observation, cutOff = planned()): string[] => planRecovery(target, now, cutOff).batches.flatMap(({ members }) => members);

test('Nothing is put back where nothing was changed, or everything was', () => {
  expect(back(observed())).toEqual([]);
  expect(back(observed({ web1: { release: 'new' }, web2: { release: 'new' }, web3: { release: 'new' } }))).toEqual([]);
});

test('A member that was drained and not yet switched is put back into service', () => {
  expect(back(observed({ web1: { admin: 'drain' } }))).toEqual(['web1']);
  expect(back(observed({ web1: { admin: 'maint' } }))).toEqual(['web1']);
});

test('In the middle of the batches all go back to what was served before', () => {
  expect(back(observed({ web1: { release: 'new' }, web2: { release: 'new', admin: 'drain' } }))).toEqual(['web1', 'web2']);
  expect(back(observed({ web1: { release: 'new' }, web2: { release: 'new' } }))).toEqual(['web1', 'web2']);
});

test('Who was left out on purpose stays so, and so does who had never served', () => {
  expect(back(observed({ web1: { release: 'new' }, web2: { held: true, admin: 'maint' } }))).toEqual(['web1']);
  const first = planned(observed({ web1: { release: null, held: true }, web2: { release: null, held: true }, web3: { release: null, held: true } }, []));
  expect(back(observed({ web1: { release: 'new' }, web2: { release: null, held: true }, web3: { release: null, held: true } }), first)).toEqual([]);
});

test('Who does not answer, or no longer keeps what it served, is left alone', () => {
  const now = observed({ web1: { release: 'new' }, web2: { admin: 'drain' } });
  delete now.hosts['web2'];
  now.unreachable['web2'] = 'no route';
  expect(planRecovery(target, now, planned())).toMatchObject({ batches: [{ members: ['web1'] }] });
  expect(back(observed({ web1: { release: 'new' } }, ['new']))).toEqual([]);
});

test('The epoch is newer than that of the operation that was cut off', () => {
  expect(planRecovery(target, observed(), planned()).epoch).toBe(8);
});
