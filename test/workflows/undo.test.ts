import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployRequest, provisionRequest } from '../../client/requests.ts';
import type { FailureType } from '../../contract/failures.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import type { OperationResult } from '../../contract/result.ts';
import { Harness } from './harness.ts';
import { packSpec, shopSpec } from './shop-spec.ts';
import { World } from './world.ts';

// What happens when an inverse itself fails.

const DEPLOY = (hooks: object = {}): OperationRequest => deployRequest(shopSpec({ batch: 3 }, hooks), { project: 'shop', environment: 'live' });
const SWITCH = 'switch batch 1 of 1';
const GONE_BACK = 'musher rollback shop/live --to old';

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

/** A deploy that fails its health check, and whose way back fails on a member, the first few times. */
function troubled(failure: FailureType, times: number): World {
  const world = new World({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' });
  world.trouble = ({ activity, release }, host) => {
    if (activity !== 'switchBatch' || host !== 'web2') return undefined;
    return release === 'new' ? { failure: 'health-check-failed' } : times-- > 0 ? { failure, message: 'no' } : undefined;
  };
  return world;
}

const run = (world: World, request: OperationRequest): Promise<OperationResult> => harness.working(world, async () => (await harness.client.start(request)).result());

const waysBack = (world: World): string[][] => world.calls.filter(({ activity, release }) => activity === 'switchBatch' && release === 'old').map(({ hosts }) => hosts);

test.each<FailureType>(['task-failed', 'balancer-refused', 'health-check-failed'])('An inverse that fails with %s is tried again, and is done', async (failure) => {
  const world = troubled(failure, 2);
  const result = await run(world, DEPLOY());
  expect(result).toMatchObject({ outcome: 'failed', undone: [SWITCH, 'upload'], notUndone: [] });
  expect(waysBack(world)).toEqual([['web1', 'web2', 'web3'], ['web1', 'web2', 'web3'], ['web1', 'web2', 'web3']]);
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
});

test('One that goes on failing is listed by name, with its host, why, and the command that mends it; the others still run', async () => {
  const world = troubled('task-failed', Infinity);
  const result = await run(world, DEPLOY());
  expect(result.notUndone).toEqual([{ step: SWITCH, host: 'web2', message: 'web2: no', mend: GONE_BACK }]);
  expect(result.undone).toEqual(['upload']);
  expect(result.message).toContain(`Not undone: ${SWITCH} (web2: no). Mended, once the cause is gone, by \`${GONE_BACK}\`.`);
  // All of them three times, then those without the one that cannot.
  expect(waysBack(world)).toEqual([['web1', 'web2', 'web3'], ['web1', 'web2', 'web3'], ['web1', 'web2', 'web3'], ['web1', 'web3']]);
  expect(world.current).toMatchObject({ web1: 'old', web3: 'old' });
});

test('One that was fenced off is not tried again: another operation goes on', async () => {
  const world = troubled('fenced', Infinity);
  const result = await run(world, DEPLOY());
  expect(result.notUndone).toMatchObject([{ step: SWITCH, host: 'web2' }]);
  expect(waysBack(world)).toEqual([['web1', 'web2', 'web3'], ['web1', 'web3']]);
});

/** A world in which an activity fails as a whole, the first few times. */
class Losing extends World {
  readonly activity: 'deleteRelease' | 'stopOnceHooks';
  times: number;

  constructor(activity: 'deleteRelease' | 'stopOnceHooks', times: number) {
    super({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' });
    this.activity = activity;
    this.times = times;
    this.trouble = ({ release }) => (release === 'new' ? { failure: 'health-check-failed' } : undefined);
  }

  override activities(): ReturnType<World['activities']> {
    const all = super.activities();
    const lost = async (): Promise<never> => {
      throw ApplicationFailure.create({ type: 'run-lost', message: 'Ansible was killed.', nonRetryable: true, details: [{}] });
    };
    const original = all[this.activity] as (...words: unknown[]) => Promise<unknown>;
    return { ...all, [this.activity]: (...words: unknown[]) => (this.times-- > 0 ? lost() : original(...words)) };
  }
}

describe('An inverse whose whole run is lost', () => {
  test('is tried again', async () => {
    const world = new Losing('deleteRelease', 2);
    expect(await run(world, DEPLOY())).toMatchObject({ outcome: 'failed', undone: [SWITCH, 'upload'], notUndone: [] });
    expect(world.hosts['web1']!.environments['shop/live']!.releases!.map(({ id }) => id)).not.toContain('new');
  });

  test('is listed when it is lost each time; a hook is stopped on its member by hand', async () => {
    const world = new Losing('stopOnceHooks', Infinity);
    const result = await run(world, DEPLOY({ once: ['true'] }));
    expect(result.undone).toEqual([SWITCH, 'upload']);
    expect(result.notUndone).toEqual([
      { step: 'once hooks', host: 'web1', message: 'web1: Ansible was killed.', mend: expect.stringMatching(/^ssh -p 22 \S+@\S+ "sudo systemctl stop 'musher-once-shop--live-\?+-\*'"$/) as string },
    ]);
  });
});

test('A server that provisioning cannot be undone on is named, with the command that makes it ready after all', async () => {
  const world = new World({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' });
  world.trouble = ({ activity }, host) => {
    if (activity === 'provisionGroup') return host === 'lb1' ? { failure: 'balancer-refused' } : undefined;
    return host === 'web3' ? { failure: 'task-failed', message: 'no' } : undefined;
  };
  const result = await run(world, provisionRequest(shopSpec(), 'eu'));
  expect(result.notUndone).toEqual([{ step: 'provision', host: 'web3', message: 'web3: no', mend: 'musher provision eu' }]);
  expect(result.message).toMatch(/Not put back: provision \(web3: no\)\. Mended, once the cause is gone, by `musher provision eu`\.$/);
  expect(world.calls.filter(({ activity }) => activity === 'restoreProvision')).toHaveLength(3);
});

test('While a member may have mounted what a storage keeps, the storage is left as it is, and that is said', async () => {
  const world = new World({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], storage: 'nfs1', subject: 'shop/live', current: 'old' });
  world.trouble = ({ activity }, host) => {
    if (activity === 'provisionGroup') return host === 'lb1' ? { failure: 'balancer-refused' } : undefined;
    return host === 'web2' ? { failure: 'task-failed', message: 'no' } : undefined;
  };
  const result = await run(world, provisionRequest(packSpec(), 'eu'));
  const mend = 'musher provision eu';
  expect(result.notUndone).toEqual([
    { step: 'provision', host: 'web2', message: 'web2: no', mend },
    { step: 'provision', host: 'nfs1', message: 'nfs1: left as it is, since web2 may still have mounted what it keeps', mend },
  ]);
});

test('What was sent to a member that was lost meanwhile is named too, though the member is left out by then', async () => {
  const world = new World({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' });
  let isLost = false;
  world.trouble = ({ activity, release }, host) => {
    if (release === 'new' && host === 'web2') isLost = true;
    if (isLost && host === 'web1') return { failure: 'host-unreachable', message: 'gone' };
    return activity === 'switchBatch' && release === 'new' && host === 'web2' ? { failure: 'health-check-failed' } : undefined;
  };
  const result = await run(world, deployRequest(shopSpec(), { project: 'shop', environment: 'live' }));
  expect(result.undone).toEqual(['switch batch 2 of 3']);
  expect(result.notUndone).toEqual([
    { step: 'switch batch 1 of 3', host: 'web1', message: 'web1: gone', mend: GONE_BACK },
    { step: 'upload', host: 'web1', message: 'web1: gone', mend: 'musher deploy shop/live' },
  ]);
  expect(world.held).toEqual(['web1']);
}, 120_000);
