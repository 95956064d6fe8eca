import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TWO_STEPS, workflowsChanged, workflowsWith } from '../workflows/changed-workflows.ts';
import { Harness } from '../workflows/harness.ts';
import { deployOf, Paused, unhealthy } from '../workflows/pausing.ts';
import type { World } from '../workflows/world.ts';

// A deploy is paused in the middle of its batches, and the worker is replaced by one of a version whose deploy has a step more before the
// upload, which it has been through, and one more after the batches, which are still to come.

let harness: Harness;
let guarded: WorkflowBundleWithSourceMap;
let unguarded: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  [harness, guarded, unguarded] = await Promise.all([Harness.start(), workflowsWith(TWO_STEPS, { guarded: true }), workflowsWith(TWO_STEPS, { guarded: false })]);
}, 120_000);
afterAll(() => harness.stop());

/** A deploy that the worker of the present version has left, paused at its second batch. */
async function pausedDeploy(): Promise<{ paused: Paused; world: World }> {
  const { world, mend } = unhealthy();
  const paused = await harness.working(world, async () => {
    const asking = new Paused(await harness.client.start(deployOf()));
    await asking.question();
    return asking;
  });
  mend();
  return { paused, world };
}

const stepsOf = ({ steps }: { steps: { name: string }[] }): string[] => steps.map(({ name }) => name);
const switches = ['switch batch 1 of 3', 'switch batch 2 of 3', 'switch batch 3 of 3'];

test('With added steps that are guarded by patched() the paused deploy goes on and ends well; what it has been through it does not do again', async () => {
  const { paused, world } = await pausedDeploy();
  const before = world.calls.length;
  await harness.working(world, async () => {
    await paused.answer({ decision: 'retry' });
    const result = await paused.handle.result();
    expect(result).toMatchObject({ outcome: 'done', decisions: [{ decision: 'retry' }] });
    expect(stepsOf(result)).toEqual(['observe and plan', 'build', 'upload', ...switches, 'count to twenty']);
  }, guarded);
  expect(world.calls.slice(before).map(({ activity, hosts }) => [activity, hosts.join()])).toEqual([['switchBatch', 'web2'], ['switchBatch', 'web3']]);
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
  expect(world.held).toEqual([]);

  const next = await harness.working(world, async () => (await harness.client.start(deployOf())).result(), guarded);
  expect(stepsOf(next)).toEqual(['observe and plan', 'build', 'count to ten', 'upload', ...switches, 'count to twenty']);
});

test('Without the guard it does not go on: that is found out, nothing is done, and with the version of before it goes on and ends well', async () => {
  const { paused, world } = await pausedDeploy();
  const before = world.calls.length;
  await harness.working(world, async () => {
    await expect(paused.handle.progress()).rejects.toThrow('[TMPRL1100] Nondeterminism error');
    expect(await harness.client.queue('eu')).toMatchObject([{ workflowId: paused.handle.workflowId, state: 'holding' }]);
  }, unguarded);
  expect(world.calls).toHaveLength(before);
  const result = await harness.working(world, async () => {
    await paused.answer({ decision: 'retry' });
    return paused.handle.result();
  });
  expect(result).toMatchObject({ outcome: 'done', decisions: [{ decision: 'retry' }] });
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
});

test('One that cannot go on can be terminated: members serve what they served before it, and the next goes through', async () => {
  const { paused, world } = await pausedDeploy();
  await harness.working(world, async () => {
    expect(await paused.handle.obstacle()).toBeUndefined();
    await paused.handle.cancel();
    const obstacle = { because: 'other-version', message: expect.stringContaining('Nondeterminism error') as string };
    await expect.poll(() => paused.handle.obstacle(), { timeout: 60_000 }).toMatchObject(obstacle);
    await harness.temporal('workflow', 'terminate', '--workflow-id', paused.handle.workflowId);
    await expect.poll(() => harness.client.queue('eu'), { timeout: 60_000 }).toEqual([]);
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    expect(await (await harness.client.start(deployOf())).result()).toMatchObject({ outcome: 'done' });
  }, unguarded);
  expect(world.held).toEqual([]);
});

test('A queue that cannot go on is found out while somebody waits in it; terminated, it makes room for one that can', async () => {
  const line = 'setCurrentDetails(describeQueue(line.view));';
  const broken = await workflowsChanged('queue.ts', (code) => {
    expect(code).toContain(line);
    return code.replace(line, "throw new TypeError('the line is not to be described');");
  });
  const { world } = unhealthy();
  world.trouble = () => undefined;
  const waiting = await harness.working(world, async () => {
    const handle = await harness.client.start(deployOf());
    await expect.poll(() => harness.client.queueObstacle('eu'), { timeout: 60_000 }).toMatchObject({ because: 'bug', message: expect.stringContaining('the line is not to be described') as string });
    return handle;
  }, broken);
  await harness.temporal('workflow', 'terminate', '--workflow-id', 'queue/eu');
  await harness.working(world, async () => {
    expect(await waiting.result()).toMatchObject({ outcome: 'done' });
    expect(await harness.client.queueObstacle('eu')).toBeUndefined();
  });
});
