import { expect, test } from 'vitest';
import type { HostObservation, Observation } from '../../contract/observation.ts';
import type { DeployPlan, ProvisionPlan } from '../../contract/plan.ts';
import { agreedPlan, requireAgreed } from '../../plan/agreed-plan.ts';
import { PlanError } from '../../plan/plan-error.ts';
import { planProvision } from '../../plan/plan-provision.ts';
import { planRollBack } from '../../plan/plan-roll-back.ts';
import { planRollOut } from '../../plan/plan-roll-out.ts';
import { targetOf } from '../../plan/target.ts';
import { shopSpec } from '../workflows/shop-spec.ts';

const SUBJECT = 'shop/live';

const release = (id: string, checksum = `sha256:${id}`) => ({ id, checksum });

function member(current: string | null, kept: string[] = ['r1', 'r2'], epoch = 0): HostObservation {
  return {
    epochs: { [SUBJECT]: epoch, 'other/live': 99 },
    environments: { [SUBJECT]: { releases: kept.map((id) => release(id)), current, provisioned: true, shared: [], code: null, files: null } },
    balancer: null,
    exports: null,
  };
}

function balancer(states: Partial<Record<string, { admin: 'ready' | 'drain' | 'maint'; held: boolean }>> = {}): HostObservation {
  const ready = { admin: 'ready' as const, held: false };
  const servers = Object.fromEntries(['web1', 'web2', 'web3'].map((name) => [name, states[name] ?? ready]));
  return { epochs: {}, environments: {}, balancer: { backends: { shop_live: servers }, groups: { eu: ['shop_live'] } }, exports: null };
}

function observed(hosts: Partial<Record<string, HostObservation | null>> = {}): Observation {
  const all: Record<string, HostObservation | null> = { lb1: balancer(), web1: member('r2'), web2: member('r2'), web3: member('r2') };
  for (const [name, host] of Object.entries(hosts)) if (host !== undefined) all[name] = host;
  const entries = Object.entries(all);
  return {
    hosts: Object.fromEntries(entries.flatMap(([name, host]) => (host ? [[name, host]] : []))),
    unreachable: Object.fromEntries(entries.flatMap(([name, host]) => (host ? [] : [[name, 'no route to host']]))),
  };
}

const plan = (observation: Observation, lines: Record<string, unknown> = {}, without?: Record<string, string>) =>
  planRollOut(targetOf(shopSpec(lines), 'shop', 'live'), observation, { operation: 'deploy', release: { id: 'r3', checksum: null } }, without);

const errorOf = (work: () => unknown): PlanError => {
  try {
    work();
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error('it was planned');
};

test('The plan carries what each member is put back to', () => {
  const { members } = plan(observed({ web3: member('r1'), lb1: balancer({ web2: { admin: 'maint', held: true } }) }));
  expect(members).toEqual({
    web1: { release: 'r2', checksum: 'sha256:r2', balancers: { lb1: { admin: 'ready', held: false } }, inService: true },
    web2: { release: 'r2', checksum: 'sha256:r2', balancers: { lb1: { admin: 'maint', held: true } }, inService: false },
    web3: { release: 'r1', checksum: 'sha256:r1', balancers: { lb1: { admin: 'ready', held: false } }, inService: true },
  });
});

test('A drain left behind by a dead operation is not meant to last', () => {
  expect(plan(observed({ lb1: balancer({ web1: { admin: 'drain', held: false } }) })).members['web1']?.inService).toBe(true);
});

test('The epoch is one more than the highest that any server has seen of this scope', () => {
  expect(plan(observed()).epoch).toBe(1);
  expect(plan(observed({ web2: member('r2', ['r2'], 7) })).epoch).toBe(8);
});

test('Pruning keeps what is served and what was', () => {
  expect(plan(observed({ web3: member('r1') })).keepIds).toEqual(['r1', 'r2', 'r3']);
});

test('Pruned are the members that would have more releases than the environment keeps', () => {
  expect(plan(observed()).prune).toEqual([]);
  expect(plan(observed({ web2: member('r2', ['r0', 'r1', 'r2']), web3: member('r2', ['r2']) }), { keep: 3 }).prune).toEqual(['web2']);
});

test('Where nobody is served yet, all are one batch', () => {
  const bare = { web1: member(null, []), web2: member(null, []), web3: member(null, []) };
  expect(plan(observed(bare)).batches.map(({ members }) => members)).toEqual([['web1', 'web2', 'web3']]);
  expect(plan(observed({ ...bare, web3: member('r1') })).batches).toHaveLength(3);
  expect(plan(observed({ ...bare, web3: null }), { tolerate: 1 }).batches.map(({ members }) => members)).toEqual([['web1', 'web2']]);
});

test('A member that does not answer is left out when the spec tolerates it', () => {
  const { leftOut, batches } = plan(observed({ web2: null }), { tolerate: 1 });
  expect(leftOut).toEqual({ web2: 'no route to host' });
  expect(batches.flatMap(({ members }) => members)).toEqual(['web1', 'web3']);
});

test.each([
  ['a member, and none is tolerated', observed({ web2: null }), {}, 'web2 did not answer.'],
  ['more members than tolerated', observed({ web2: null, web3: null }), { tolerate: 1 }, 'web2, web3 did not answer; the spec tolerates 1.'],
  ['a balancer, whatever is tolerated', observed({ lb1: null }), { tolerate: 2 }, 'lb1 did not answer.'],
] as const)('Not planned: %s', (_, observation, lines, message) => {
  expect(errorOf(() => plan(observation, lines))).toMatchObject({ type: 'host-unreachable', message });
});

test('Not planned: a server that was never provisioned for it', () => {
  const bare: HostObservation = { epochs: {}, environments: {}, balancer: null, exports: null };
  expect(errorOf(() => plan(observed({ lb1: bare, web3: bare })))).toMatchObject({
    type: 'not-provisioned',
    hosts: { web3: 'not provisioned for shop/live', lb1: 'has no backend for shop/live' },
    message: expect.stringContaining('Run "musher provision eu" first.') as string,
  });
});

const back = (observation: Observation, wanted?: string) => planRollBack(targetOf(shopSpec(), 'shop', 'live'), observation, wanted);

test('A roll back goes to the newest release older than what any member serves', () => {
  expect(back(observed()).release).toEqual(release('r1'));
  const mixed = observed({ web1: member('r3', ['r1', 'r2', 'r3']) });
  expect(back(mixed).release.id).toBe('r1');
});

test('A roll back to a named release, newer ones too', () => {
  expect(back(observed({ web1: member('r1'), web2: member('r1'), web3: member('r1') }), 'r2').release.id).toBe('r2');
});

test.each([
  ['not kept by every member', observed({ web3: member('r2', ['r2']) }), undefined],
  ['kept with another checksum somewhere', observed({ web3: { ...member('r2'), environments: { [SUBJECT]: { releases: [release('r1', 'sha256:other'), release('r2')], current: 'r2', provisioned: true, shared: [], code: null, files: null } } } }), 'r1'],
  ['unknown', observed(), 'r9'],
])('No release to go back to: %s', (_, observation, wanted) => {
  expect(errorOf(() => back(observation, wanted)).type).toBe('no-release');
});

test('Provisioning is planned for all environments of the group', () => {
  const bare: HostObservation = { epochs: { 'group/eu': 2 }, environments: {}, balancer: null, exports: null };
  const provision = planProvision(shopSpec(), 'eu', observed({ web3: bare }));
  expect(provision).toMatchObject({ epoch: 3, scope: 'group/eu', subject: 'eu', epochs: { 'shop/live': 1 } });
  expect(planProvision(shopSpec(), 'eu', at(7)).epochs).toEqual({ 'shop/live': 8 });
  // A deploy between a plan and its provision is no reason to refuse that.
  expect(() => requireAgreed(planProvision(shopSpec(), 'eu', at(9)), agreedPlan(planProvision(shopSpec(), 'eu', at(7))))).not.toThrow();
  expect(provision.changes).toEqual([
    { host: 'web1', change: 'is ready; what differs from the spec is changed' },
    { host: 'web2', change: 'is ready; what differs from the spec is changed' },
    { host: 'web3', change: 'made ready for shop/live' },
    { host: 'web3', change: 'gets nginx, PHP, where they are not installed' },
    { host: 'web3', change: 'shop/live: the user m-shop--live (31832), the folder /var/aegir/projects/shop/live' },
    { host: 'web3', change: 'shop/live: nginx for shop.example.net on port 80, PHP with 8 processes' },
    { host: 'lb1', change: 'balances all of them; what differs from the spec is changed' },
  ]);
  expect(errorOf(() => planProvision(shopSpec(), 'eu', observed({ web1: null }))).type).toBe('host-unreachable');
});

test('A plan that was agreed to is carried out whatever the new release is called, and refused once something else has changed', () => {
  const aim = (id: string) => ({ operation: 'deploy' as const, release: { id, checksum: null } });
  const target = targetOf(shopSpec({}), 'shop', 'live');
  const agreed = agreedPlan(planRollOut(target, observed(), aim('r3')));
  const again = planRollOut(target, observed(), aim('r4'));
  expect(requireAgreed(again, agreed)).toBe(again);
  expect(requireAgreed(again, undefined)).toBe(again);

  const moved = planRollOut(target, observed({ web3: member('r1') }), aim('r4'));
  const error = errorOf(() => requireAgreed(moved, agreed));
  expect(error.type).toBe('plan-changed');
  expect(error.message).toMatch(/ Since then: the members are not as they were found; other releases are kept\. No longer: /);
  expect(error.message).toMatch(/No longer: web3: .*r2.*the new release.* Now: web3: .*r1.*the new release/);
  expect(errorOf(() => requireAgreed(planRollOut(targetOf(shopSpec({ keep: 9 }), 'shop', 'live'), observed(), aim('r4')), agreed)).type).toBe('plan-changed');
});

test.each<[what: string, plan: () => DeployPlan | ProvisionPlan, now: () => DeployPlan | ProvisionPlan, said: RegExp]>([
  ['the spec', () => deployed(), () => deployed({ keep: 9 }), /Since then: the spec has changed\./],
  ['another operation', () => deployed(), () => deployed({}, at(9)), /Since then: another operation has run\.$/],
  ['what a group was found with', () => planProvision(shopSpec(), 'eu', observed()), () => planProvision(shopSpec(), 'eu', observed({ lb1: exporting() })), /Since then: the servers are not as they were found\.$/],
  ['a playbook among the hooks', () => ({ ...deployed(), playbooks: { '/h.yml': 'a' } }), () => ({ ...deployed(), playbooks: { '/h.yml': 'b' } }), /Since then: a playbook among its hooks is another one\.$/],
  ['the spec of a group', () => planProvision(shopSpec(), 'eu', observed()), () => planProvision(shopSpec({ keep: 9 }), 'eu', observed()), /Since then: the spec has changed\.$/],
])('A plan that has changed says what is different, also where the same is done host by host: %s', (_, plan, now, said) => {
  const agreed = agreedPlan(plan());
  expect(errorOf(() => requireAgreed(now(), agreed)).message).toMatch(said);
  // One that an older version wrote down does not tell its parts.
  const { parts: _parts, ...older } = agreed;
  expect(errorOf(() => requireAgreed(now(), older)).message).toMatch(/^This is not what was planned: the spec or the servers have changed since\./);
  expect(requireAgreed(plan(), older)).toEqual(plan());
});

const deployed = (lines: Record<string, unknown> = {}, observation = observed()): DeployPlan => planRollOut(targetOf(shopSpec(lines), 'shop', 'live'), observation, { operation: 'deploy', release: { id: 'r3', checksum: null } });
const exporting = (): HostObservation => ({ ...balancer(), exports: { '/srv/other': ['192.0.2.9'] } });

/** Observed after an operation of this epoch. */
function at(epoch: number): Observation {
  const observation = observed();
  for (const host of Object.values(observation.hosts)) host.epochs['shop/live'] = epoch;
  return observation;
}

test('A deploy says of each server all that is done there', () => {
  const hooks = { once: ['drush updb', { playbook: '/srv/announce.yml' }], each: ['drush cr'] };
  const target = targetOf(shopSpec({ keep: 2 }, hooks), 'shop', 'live');
  expect(planRollOut(target, observed(), { operation: 'deploy', release: { id: 'r3', checksum: null } }).changes).toEqual([
    { host: 'web1', change: 'from r2 to r3' },
    { host: 'web1', change: 'once hook, before the first switch: drush updb' },
    { host: 'web1', change: 'once hook, before the first switch: the playbook /srv/announce.yml' },
    { host: 'web1', change: 'each hook, after its switch: drush cr' },
    { host: 'web1', change: 'keeps 2 releases: the oldest beyond them are deleted' },
    ...['web2', 'web3'].flatMap((host) => [
      { host, change: 'from r2 to r3' },
      { host, change: 'each hook, after its switch: drush cr' },
      { host, change: 'keeps 2 releases: the oldest beyond them are deleted' },
    ]),
    { host: 'lb1', change: 'drains web1, then web2, then web3, and asks them again after the switch' },
  ]);
  expect(planRollOut(target, observed(), { operation: 'rollBack', release: { id: 'r1', checksum: null } }).changes.map(({ change }) => change)).not.toContainEqual(expect.stringMatching(/once hook|deleted/));
});

test('A provision that takes a site off the balancers says so', () => {
  const lb1 = balancer();
  lb1.balancer!.groups['eu'] = ['shop_live', 'shop_old'];
  expect(planProvision(shopSpec(), 'eu', observed({ lb1 })).changes).toContainEqual({ host: 'lb1', change: 'no longer balances shop/old' });
});

test('Whom a person left out is not needed, whether it answers or not, and uses up nothing of what the spec tolerates', () => {
  const left = { web2: 'gone' };
  for (const host of [null, member('r2')]) {
    const { leftOut, batches, tolerate, changes } = plan(observed({ web2: host }), {}, left);
    expect({ leftOut, tolerate }).toEqual({ leftOut: left, tolerate: 1 });
    expect(batches.flatMap(({ members }) => members)).toEqual(['web1', 'web3']);
    expect(changes.find(({ host: name }) => name === 'web2')).toEqual({ host: 'web2', change: 'left out: somebody decided so' });
  }
  expect(errorOf(() => plan(observed({ web2: null, web3: null }), {}, left)).hosts).toEqual({ web3: 'no route to host' });
  expect(plan(observed({ web2: null, web3: null }), { tolerate: 1 }, left)).toMatchObject({ leftOut: { web2: 'gone', web3: 'no route to host' }, tolerate: 2 });
});

test('Whom a person left out need not be provisioned, nor keep the release that is gone back to', () => {
  const bare = { ...member(null, []), environments: {} };
  expect(plan(observed({ web2: bare }), {}, { web2: 'new' }).leftOut).toEqual({ web2: 'new' });
  const target = targetOf(shopSpec(), 'shop', 'live');
  expect(planRollBack(target, observed({ web2: member('r2', ['r2']) }), undefined, { web2: 'gone' }).release.id).toBe('r1');
});

test('A volume is where its environment is exported from; while it is not mounted nothing is planned', () => {
  const spec = shopSpec();
  spec.servers['nfs1'] = { ...spec.servers['web1']!, name: 'nfs1' };
  spec.groups['eu'] = { ...spec.groups['eu']!, code: 'nfs', files: 'none', storage: { server: 'nfs1', export: '/srv/packs', scope: 'environment', volumes: { [SUBJECT]: '/srv/volumes/shop' } } };
  const planned = (volume: 'mounted' | 'missing', folder: string) => {
    const environments = { [SUBJECT]: { ...member('r2').environments[SUBJECT]!, volume } };
    const nfs1 = { ...member('r2'), environments, exports: { [folder]: ['192.0.2.11'] } };
    return planRollOut(targetOf(spec, 'shop', 'live'), observed({ nfs1 }), { operation: 'deploy', release: { id: 'r3', checksum: null } });
  };
  expect(planned('mounted', '/srv/volumes/shop/releases').batches).toHaveLength(3);
  expect(planned('mounted', '/srv/volumes/shop/releases').changes[0]).toEqual({ host: 'nfs1', change: 'gets the release r3' });
  expect(errorOf(() => planned('mounted', '/srv/packs/shop/live/releases'))).toMatchObject({ type: 'not-provisioned' });
  expect(errorOf(() => planned('missing', '/srv/volumes/shop/releases'))).toMatchObject({
    type: 'volume-missing',
    message: 'Nothing is mounted at /srv/volumes/shop on nfs1: it is to be the volume of shop/live.',
  });
});

test('A storage that is another, and so not provisioned either, is refused for what it has not got', () => {
  const spec = shopSpec();
  spec.servers['nfs1'] = { ...spec.servers['web1']!, name: 'nfs1', address: '192.0.2.20' };
  spec.groups['eu'] = { ...spec.groups['eu']!, code: 'nfs', files: 'none', storage: { server: 'nfs1', export: '/srv/elsewhere', scope: 'environment' } };
  const code = { source: '192.0.2.20:/srv/packs/shop/live/releases', mounted: true, gone: null };
  const mounting = { ...member('r2'), environments: { [SUBJECT]: { ...member('r2').environments[SUBJECT]!, code } } };
  const nfs1 = { ...member('r2'), environments: {}, exports: {} };
  const seen = observed({ web1: mounting, web2: mounting, web3: mounting, nfs1 });
  expect(errorOf(() => planRollOut(targetOf(spec, 'shop', 'live'), seen, { operation: 'deploy', release: { id: 'r3', checksum: null } }))).toMatchObject({
    type: 'kept-elsewhere',
    message: 'The code of shop/live is kept at 192.0.2.20:/srv/packs/shop/live/releases, and the spec wants it at 192.0.2.20:/srv/elsewhere/shop/live/releases, which has not got it.',
  });
});
