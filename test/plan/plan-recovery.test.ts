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
  const cutOff = planned(observed({ web2: { held: true, admin: 'maint' } }));
  expect(back(observed({ web1: { release: 'new' }, web2: { held: true, admin: 'maint' } }), cutOff)).toEqual(['web1']);
  const first = planned(observed({ web1: { release: null, held: true }, web2: { release: null, held: true }, web3: { release: null, held: true } }, []));
  expect(back(observed({ web1: { release: 'new' }, web2: { release: null, held: true }, web3: { release: null, held: true } }), first)).toEqual([]);
});

/** The same, where members do not answer. */
function without(now: Observation, ...names: string[]): Observation {
  for (const name of names) {
    delete now.hosts[name];
    now.unreachable[name] = 'no route';
  }
  return now;
}

/** The plan in words: what is switched to what, who is held, who is left to its health check. */
function words(now: Observation, cutOff = planned()) {
  const { targets, hold, release, batches } = planRecovery(target, now, cutOff);
  expect(batches.flatMap(({ members }) => members).sort()).toEqual(Object.keys(targets).sort());
  return [
    ...Object.entries(targets).map(([name, { release: id, inService }]) => `${name} ${inService ? 'serves' : 'is put to'} ${id ?? 'nothing'}`),
    ...Object.keys(hold).map((name) => `${name} is held`),
    ...Object.keys(release).map((name) => `${name} is released`),
  ].sort();
}

const HELD = { admin: 'maint', held: true } as const;

test.each([
  { title: 'a paused first batch, which others stood in for', seen: { web1: { release: 'new', ...HELD } }, plan: ['web1 serves old'] },
  { title: 'a paused batch in the middle', seen: { web1: { release: 'new' }, web2: HELD }, plan: ['web1 serves old', 'web2 serves old'] },
  { title: 'a paused last batch, switched', seen: { web1: { release: 'new' }, web2: { release: 'new' }, web3: { release: 'new', ...HELD } }, plan: ['web3 serves new'] },
  { title: 'all members, each of them held', seen: { web1: HELD, web2: HELD, web3: { release: 'new', ...HELD } }, plan: ['web1 serves old', 'web2 serves old', 'web3 serves old'] },
  { title: 'one left out, when the others had been switched', seen: { web1: HELD, web2: { release: 'new' }, web3: { release: 'new' } }, plan: ['web1 is held'] },
  { title: 'one left out, before the others were', seen: { web1: HELD }, plan: ['web1 serves old'] },
])('Whom the operation held serves with the others again, or is named: $title', ({ seen, plan }) => {
  expect(words(observed(seen as Seen))).toEqual(plan);
});

test('Who does not answer and was drained is held and named, unless nobody stands in for it', () => {
  expect(words(without(observed({ web2: { admin: 'drain' } }), 'web2'))).toEqual(['web2 is held']);
  expect(words(without(observed({ web1: { admin: 'drain' }, web2: { admin: 'drain' }, web3: { admin: 'drain' } }), 'web1', 'web2', 'web3'))).toEqual(['web1 is released', 'web2 is released', 'web3 is released']);
  expect(planRecovery(target, without(observed({ web2: { admin: 'drain' } }), 'web2'), planned()).members[1]).toEqual({
    name: 'web2', release: 'old', checksum: 'old', inService: false, behind: 'it did not answer after an operation had been cut off, and nobody knows what it serves',
  });
});

test('Who does not answer is held where it may serve another release than the others', () => {
  expect(words(without(observed({ web1: { release: 'new' }, web2: { admin: 'drain' } }), 'web3'))).toEqual(['web1 serves old', 'web2 serves old', 'web3 is held']);
  expect(words(without(observed({ web1: { release: 'new' }, web2: { release: 'new' } }), 'web3'))).toEqual(['web3 is held']);
  expect(words(without(observed(), 'web3'))).toEqual([]);
});

test('Who had not answered and was left out serves again if it has what the others serve, and else stays held', () => {
  const tolerant = targetOf(deployRequest(shopSpec({ tolerate: 1 }), { project: 'shop', environment: 'live' }).spec, 'shop', 'live');
  const cutOff = planRollOut(tolerant, without(observed(), 'web3'), { operation: 'deploy', release: { id: 'new', checksum: null } });
  expect(cutOff.leftOut).toEqual({ web3: 'no route' });
  expect(words(observed({ web3: HELD }), cutOff)).toEqual(['web3 serves old']);
  expect(words(observed({ web1: { release: 'new' }, web2: { release: 'new' }, web3: HELD }), cutOff)).toEqual(['web3 is held']);
  expect(words(without(observed({ web3: HELD }), 'web3'), cutOff)).toEqual(['web3 is held']);
  expect(words(without(observed(), 'web3'), cutOff)).toEqual([]);
});

test('Who was behind and was let in with a release that is not served now is put back, and is named', () => {
  const cutOff = planned(observed({ web1: { release: 'older', ...HELD } }, ['older', 'old', 'new']));
  const now = observed({ web1: { release: 'new' }, web2: { admin: 'drain' } }, ['older', 'old', 'new']);
  expect(words(now, cutOff)).toEqual(['web1 is put to older', 'web2 serves old']);
  expect(planRecovery(target, now, cutOff).members[0]).toMatchObject({ release: 'older', inService: false, behind: 'held out of service since an earlier operation' });
  expect(words(observed({ web1: { release: 'new' }, web2: { release: 'new' }, web3: { release: 'new' } }, ['older', 'old', 'new']), cutOff)).toEqual([]);
});

test('Who no longer keeps what it served, as where the storage does not answer, is left as it serves; who was drained serves what it has', () => {
  expect(words(observed({ web1: { release: 'new' } }, ['new']))).toEqual([]);
  expect(words(observed({ web2: { admin: 'drain' } }, []))).toEqual(['web2 serves old']);
});

test('Every member is told of: what it serves in the end, and why it does not where it does not', () => {
  const { members } = planRecovery(target, observed({ web1: HELD, web2: { release: 'new' }, web3: { release: 'new' } }), planned());
  expect(members).toEqual([
    { name: 'web1', release: 'old', checksum: 'old', inService: false, behind: 'it serves old, and the others serve new' },
    { name: 'web2', release: 'new', checksum: 'new', inService: true },
    { name: 'web3', release: 'new', checksum: 'new', inService: true },
  ]);
  const held = planned(observed({ web1: HELD }));
  expect(planRecovery(target, observed({ web1: HELD }), held).members[0]).toEqual({ name: 'web1', release: 'old', checksum: 'old', inService: false, behind: 'held out of service since an earlier operation' });
});

test('The epoch is newer than that of the operation that was cut off', () => {
  expect(planRecovery(target, observed(), planned()).epoch).toBe(8);
});
