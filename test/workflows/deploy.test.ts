import { afterAll, beforeAll, expect, test } from 'vitest';
import { OperationHandle } from '../../client/operation-handle.ts';
import { OperationUnderWay } from '../../client/operation-under-way.ts';
import { deployRequest, rollBackRequest } from '../../client/requests.ts';
import type { OperationResult } from '../../contract/result.ts';
import type { Spec } from '../../spec/spec.ts';
import { Harness } from './harness.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { Trouble, World } from './world.ts';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

async function deploy(world: World, spec: Spec = shopSpec()): Promise<OperationResult> {
  return harness.working(world, async () => (await harness.client.start(deployRequest(spec, LIVE))).result());
}

const once = (activity: string, failingHost: string, failure: ReturnType<Trouble>): Trouble => (call, host) =>
  call.activity === activity && host === failingHost ? failure : undefined;

test('A deploy brings the release into service on all members, batch by batch', async () => {
  const world = shop();
  const result = await deploy(world);
  expect(result).toMatchObject({ outcome: 'done', undone: [], notUndone: [] });
  expect(result.members).toEqual(['web1', 'web2', 'web3'].map((name) => ({ name, release: 'new', checksum: 'sha256:new', inService: true })));
  expect(world.calls.map(({ activity, hosts, detail }) => [activity, hosts.join(), detail])).toEqual([
    ['uploadRelease', 'web1,web2,web3', undefined],
    ['switchBatch', 'web1', 'drained'],
    ['switchBatch', 'web2', 'drained'],
    ['switchBatch', 'web3', 'drained'],
  ]);
  expect(world.held).toEqual([]);
});

test('The oldest releases are deleted where there are more than are kept; who cannot do it is named, and the deploy is done', async () => {
  const world = shop();
  world.trouble = once('pruneReleases', 'web2', { failure: 'host-unreachable', message: 'gone' });
  const result = await deploy(world, shopSpec({ keep: 2 }));
  expect(result.outcome).toBe('done');
  expect(world.calls.at(-1)).toMatchObject({ activity: 'pruneReleases', hosts: ['web1', 'web2', 'web3'] });
  expect(result.notUndone).toEqual([]);
  expect(result.steps.find(({ name }) => name === 'prune')).toMatchObject({ state: 'done', note: 'web2: gone' });
});

test('A cancel in a once hook stops it before its release is deleted', async () => {
  const world = shop();
  const result = await harness.working(world, async () => {
    const handle = await harness.client.start(deployRequest(shopSpec({}, { once: ['sleep 60'] }), LIVE));
    world.gate = async ({ activity }) => {
      if (activity !== 'runOnceHooks') return;
      await handle.cancel();
      await new Promise((later) => setTimeout(later, 300));
    };
    return handle.result();
  });
  expect(result.outcome).toBe('cancelled');
  expect(world.calls.slice(-2).map(({ activity }) => activity)).toEqual(['stopOnceHooks', 'deleteRelease']);
});

test('Steps are ordered for the gates: every run has a higher ordinal than the one before', async () => {
  const world = shop();
  world.trouble = once('switchBatch', 'web2', { failure: 'health-check-failed' });
  await deploy(world);
  const ordinals = world.calls.map(({ step }) => step);
  expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
});

test('A failed health check switches everything back, in reverse, and says so', async () => {
  const world = shop();
  world.trouble = (call, host) =>
    call.release === 'new' && host === 'web2' ? { failure: 'health-check-failed', message: 'GET / answered 500' } : undefined;
  const result = await deploy(world);
  expect(result.outcome).toBe('failed');
  expect(result.failure).toMatchObject({ type: 'health-check-failed', step: 'switch batch 2 of 3', hosts: { web2: 'GET / answered 500' } });
  expect(result.undone).toEqual(['switch batch 2 of 3', 'switch batch 1 of 3', 'upload']);
  expect(result.message).toBe(
    'The deploy of shop/live to new failed at "switch batch 2 of 3": web2: GET / answered 500. Undone: switch batch 2 of 3; switch batch 1 of 3; upload. web1, web2 and web3 serve old, as before.',
  );
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
  expect(world.hosts['web1']!.environments['shop/live']!.releases!.map(({ id }) => id)).not.toContain('new');
});

test('A member that returns within the retry time is asked again alone, and the deploy completes', async () => {
  const world = shop();
  let asked = 0;
  world.trouble = (call, host) => (call.activity === 'uploadRelease' && host === 'web2' && asked++ < 1 ? { failure: 'host-unreachable' } : undefined);
  expect((await deploy(world)).outcome).toBe('done');
  expect(world.calls.filter(({ activity }) => activity === 'uploadRelease').map(({ hosts }) => hosts)).toEqual([['web1', 'web2', 'web3'], ['web2']]);
});

test('A member that stays away fails the deploy when nothing is tolerated', async () => {
  const world = shop();
  world.trouble = (call, host) => (host === 'web2' ? { failure: 'host-unreachable', message: 'no route' } : undefined);
  const result = await deploy(world);
  expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'host-unreachable', step: 'upload' } });
  expect(result.notUndone).toEqual([{ step: 'upload', host: 'web2', message: 'web2: no route', mend: 'musher deploy shop/live' }]);
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
}, 120_000);

test('A member that stays away is left out when the spec tolerates it, held at the balancers and named', async () => {
  const world = shop();
  world.silent.add('web2');
  const result = await deploy(world, shopSpec({ tolerate: 1 }));
  expect(result.outcome).toBe('done');
  expect(result.members.find(({ name }) => name === 'web2')).toEqual({ name: 'web2', release: null, checksum: null, inService: false, behind: 'no route' });
  expect(world.current).toEqual({ web1: 'new', web2: 'old', web3: 'new' });
  expect(world.held).toEqual(['web2']);

  world.silent.clear();
  expect((await deploy(world, shopSpec({ tolerate: 1 }))).outcome).toBe('done');
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
  expect(world.held).toEqual([]);
});

test('A member lost in the middle is left out; when the deploy then fails, it is put back with the others', async () => {
  const world = shop();
  world.trouble = (call, host) => {
    if (call.activity === 'uploadRelease' && host === 'web1') return { failure: 'disk-full' };
    if (call.release === 'new' && host === 'web3') return { failure: 'health-check-failed' };
    return undefined;
  };
  const result = await deploy(world, shopSpec({ tolerate: 1 }));
  expect(result.failure?.type).toBe('health-check-failed');
  expect(result.undone).toEqual(['switch batch 3 of 3', 'switch batch 2 of 3', 'switch batch 1 of 3', 'leave out web1', 'upload']);
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
});

test('A member that was left out since it did not answer may be asked again once the deploy has failed', async () => {
  const world = shop();
  world.silent.add('web3');
  world.trouble = (call, host) => (call.release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined);
  const result = await deploy(world, shopSpec({ tolerate: 1 }));
  expect(result).toMatchObject({ outcome: 'failed', undone: ['switch batch 2 of 2', 'switch batch 1 of 2', 'upload', 'leave out'], notUndone: [] });
  expect(world.held).toEqual([]);
});

test('A member that was left out in the middle and put back is not told to be behind', async () => {
  const world = shop();
  world.trouble = (call, host) => {
    if (call.activity === 'uploadRelease' && host === 'web3') return { failure: 'disk-full', message: 'full' };
    return call.release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined;
  };
  const result = await deploy(world, shopSpec({ tolerate: 1 }));
  expect(world.held).toEqual([]);
  expect(result.members).toEqual(['web1', 'web2', 'web3'].map((name) => ({ name, release: 'old', checksum: 'sha256:old', inService: true })));
});

test('A member that an earlier deploy left out is still behind after one that failed', async () => {
  const world = shop();
  world.hosts['lb1']!.balancer!.backends['shop_live']!['web3'] = { admin: 'maint', held: true };
  world.trouble = (call, host) => (call.release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined);
  const result = await deploy(world);
  expect(world.held).toEqual(['web3']);
  expect(result.members.find(({ name }) => name === 'web3')).toMatchObject({ inService: false, behind: 'held out of service since an earlier operation' });
});

test('A balancer and a member that are lost while a batch is put back keep nobody from being put back', async () => {
  const world = shop({ balancers: ['lb1', 'lb2'] });
  world.trouble = (call, host) => {
    if (call.release !== 'new' && call.activity === 'switchBatch' && host === 'web2') return { failure: 'host-unreachable', message: 'gone' };
    if (call.activity === 'holdMembers' && host === 'lb2') return { failure: 'host-unreachable', message: 'deaf' };
    return call.release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined;
  };
  const spec = shopSpec({ batch: 2 });
  spec.servers['lb2'] = { ...spec.servers['lb1']!, name: 'lb2' };
  spec.groups['eu']!.balancers.push('lb2');
  const result = await deploy(world, spec);
  expect(world.current).toMatchObject({ web1: 'old', web3: 'old' });
  expect(result.notUndone).toEqual([
    { step: 'switch batch 1 of 2', host: 'web2', message: 'web2: gone', mend: 'musher rollback shop/live --to old' },
    { step: 'switch batch 1 of 2', host: 'lb2', message: 'lb2: deaf', mend: 'musher rollback shop/live --to old' },
  ]);
  expect(world.hosts['lb1']!.balancer!.backends['shop_live']).toMatchObject({ web1: { held: false }, web2: { held: true }, web3: { held: false } });
}, 120_000);

test('What a spec tolerates is failing hosts, not a failing release', async () => {
  const world = shop();
  world.trouble = once('switchBatch', 'web1', { failure: 'health-check-failed' });
  expect((await deploy(world, shopSpec({ tolerate: 2 }))).outcome).toBe('failed');
});

test('A member that cannot be put back stays out of service, and is named with what is left to do', async () => {
  const world = shop();
  let broken = false;
  world.trouble = (call, host) => {
    if (call.activity !== 'switchBatch' || host !== 'web2') return undefined;
    if (!broken) {
      broken = true;
      return { failure: 'health-check-failed' };
    }
    return { failure: 'host-unreachable', message: 'gone' };
  };
  const result = await deploy(world);
  expect(result.notUndone).toContainEqual({ step: 'switch batch 2 of 3', host: 'web2', message: 'web2: gone', mend: 'musher rollback shop/live --to old' });
  expect(world.held).toEqual(['web2']);
  expect(result.members.find(({ name }) => name === 'web2')).toMatchObject({ inService: false, behind: 'gone' });
}, 120_000);

test('A first deploy drains nobody and admits the members, all at once', async () => {
  const world = shop({ current: null });
  expect((await deploy(world)).outcome).toBe('done');
  expect(world.calls.filter(({ activity }) => activity === 'switchBatch').map(({ detail }) => detail)).toEqual(['undrained']);
  expect(world.held).toEqual([]);
});

test('A failed first deploy leaves every member as it was: without a release, and not admitted', async () => {
  const world = shop({ current: null });
  world.trouble = once('switchBatch', 'web3', { failure: 'health-check-failed' });
  const result = await deploy(world);
  expect(result.outcome).toBe('failed');
  expect(world.current).toEqual({ web1: null, web2: null, web3: null });
  expect(world.held).toEqual(['web1', 'web2', 'web3']);
});

test('Once hooks run on one member, after the upload and before the first switch', async () => {
  const world = shop();
  await deploy(world, shopSpec({}, { once: ['true'] }));
  expect(world.calls.slice(0, 3).map(({ activity, hosts }) => [activity, hosts.length])).toEqual([['uploadRelease', 3], ['runOnceHooks', 1], ['switchBatch', 1]]);
});

test('A cancel undoes what was done and ends as cancelled', async () => {
  const world = shop();
  const result = await harness.working(world, async () => {
    const handle = await harness.client.start(deployRequest(shopSpec(), LIVE));
    await new Promise<void>((resolve) => {
      world.gate = async ({ hosts, activity }) => {
        if (activity !== 'switchBatch' || hosts[0] !== 'web2' || world.current['web1'] !== 'new') return;
        await handle.cancel();
        resolve();
        await new Promise((later) => setTimeout(later, 300));
      };
    });
    return handle.result();
  });
  expect(result).toMatchObject({ outcome: 'cancelled', failure: { type: 'cancelled' } });
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
});

test('A second operation on the environment that is not to wait is told who holds it', async () => {
  const world = shop();
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  world.gate = () => opened;
  await harness.working(world, async () => {
    const first = await harness.client.start(deployRequest(shopSpec(), LIVE));
    await first.standing();
    const second = harness.client.start({ ...rollBackRequest(shopSpec(), LIVE), turn: 'now' });
    await expect(second).rejects.toThrow(OperationUnderWay);
    await expect(second).rejects.toThrow(/shop\/live would have to wait: it comes behind deploy of shop\/live, asked for by .+ watch the other with "musher watch environment\/shop\/live\/.+"/);
    open();
    await first.result();
  });
});

test('A roll back serves the release before, by the same rolling steps', async () => {
  const world = shop();
  const result = await harness.working(world, async () => (await harness.client.start(rollBackRequest(shopSpec(), LIVE))).result());
  expect(result.outcome, result.message).toBe('failed');
  expect(result.failure?.type).toBe('no-release');

  for (const host of ['web1', 'web2', 'web3']) world.hosts[host]!.environments['shop/live']!.releases!.unshift({ id: 'older', checksum: 'sha256:o' });
  world.hosts['web1']!.environments['shop/live']!.releases!.sort((a, b) => (a.id < b.id ? -1 : 1));
  const named = await harness.working(world, async () => (await harness.client.start(rollBackRequest(shopSpec(), LIVE, 'older'))).result());
  expect(named.outcome, named.message).toBe('done');
  expect(world.current).toEqual({ web1: 'older', web2: 'older', web3: 'older' });
});

test.each(['deploy', 'rollBack', 'provision'])('A %s with input that is no request is refused at once, and nothing is done', async (type) => {
  const world = shop();
  await harness.working(world, async () => {
    for (const args of [[], [7], [{ ...deployRequest(shopSpec(), LIVE) }], [{}], [{ version: 1, spec: { projects: {} }, specHash: 'x' }]]) {
      const workflow = await harness.client.temporal.workflow.start(type, { taskQueue: 'musher', workflowId: `nonsense-${type}`, args });
      const result = await new OperationHandle(workflow, workflow.firstExecutionRunId).result();
      expect(result).toMatchObject({ outcome: 'failed', failure: { type: 'input-refused' } });
    }
  });
  expect(world.calls).toEqual([]);
});
