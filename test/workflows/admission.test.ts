import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.ts';
import { newOperationId } from '../../client/operation-id.ts';
import { deployRequest } from '../../client/requests.ts';
import { TASK_QUEUE, WorkflowType } from '../../contract/names.ts';
import type { DeployRequest } from '../../contract/requests.ts';
import { signRequest } from '../../contract/signature.ts';
import { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { World } from './world.ts';

// Whoever reaches a server on loopback can start a workflow there, in any of the ways that Temporal knows.

const KEY = Buffer.alloc(32, 7);

let harness: Harness;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'admission-'));
  harness = await Harness.start();
}, 60_000);
afterAll(async () => {
  await harness.stop();
  rmSync(folder, { recursive: true });
});

/** A world whose worker admits as a local one does. */
class LocalWorld extends World {
  constructor() {
    super({ members: ['web1', 'web2', 'web3'], balancers: ['lb1'], subject: 'shop/live', current: 'old' });
  }

  override activities(): Activities {
    const run = { runsFolder: folder, python: 'python3', playbooksFolder: folder, modulesFolder: folder, knownHosts: folder, sshControlFolder: folder, forks: 1 };
    const { admitRequest } = createActivities({ run, artifacts: folder, usedInputs: join(folder, 'used'), reports: folder, version: '0', inputKey: KEY });
    return { ...super.activities(), admitRequest };
  }
}

const unsigned = (): DeployRequest => deployRequest(shopSpec(), LIVE);
const signed = (): DeployRequest => signRequest(unsigned(), KEY);
const start = (request: DeployRequest, more: object) =>
  harness.environment.client.workflow.start(WorkflowType.deploy, { workflowId: newOperationId(request), taskQueue: TASK_QUEUE, args: [request], ...more });

/** Notes whether anything was built: that runs a command of the request as the worker. */
function watchBuilds(world: World): () => number {
  let builds = 0;
  world.trouble = ({ activity }) => void (builds += Number(activity === 'buildArtifact'));
  return () => builds;
}

test.each([
  ['unsigned', unsigned, /not signed/],
  ['signed', signed, /a cron schedule or a retry policy/],
] as const)('What is started with a cron schedule is refused, %s, in its first run and in those after it', async (_, make, why) => {
  const world = new LocalWorld();
  const builds = watchBuilds(world);
  await harness.working(world, async () => {
    const { workflowId, firstExecutionRunId } = await start(make(), { cronSchedule: '@every 1s' });
    const handle = harness.environment.client.workflow.getHandle(workflowId);
    const runs = new Set([firstExecutionRunId]);
    for (const deadline = Date.now() + 20_000; runs.size < 3 && Date.now() < deadline; await sleep(100)) runs.add((await handle.describe()).runId);
    await handle.terminate('a test').catch(() => {});
    expect(runs.size).toBeGreaterThanOrEqual(3);
    expect(builds()).toBe(0);
    const second = [...runs][1]!;
    const { events } = await harness.environment.client.workflow.getHandle(workflowId, second).fetchHistory();
    const { failure } = events!.at(-1)!.workflowExecutionFailedEventAttributes!;
    expect(failure).toMatchObject({ message: expect.stringMatching(why) as string, applicationFailureInfo: { type: 'input-refused' } });
  });
  expect(world.calls).toEqual([]);
}, 60_000);

test('What the server has tried again by itself is refused', async () => {
  const world = new LocalWorld();
  const builds = watchBuilds(world);
  const request = unsigned();
  // With no worker there the first run times out before it is refused.
  const { workflowId, firstExecutionRunId } = await start(request, { workflowRunTimeout: '1 second', retry: { initialInterval: '1 second', maximumAttempts: 100 } });
  const handle = harness.environment.client.workflow.getHandle(workflowId);
  await expect.poll(async () => (await handle.describe()).runId, { timeout: 20_000 }).not.toBe(firstExecutionRunId);
  await harness.working(world, async () => {
    await expect.poll(async () => (await handle.describe()).status.name, { timeout: 20_000 }).toBe('FAILED');
  });
  expect(builds()).toBe(0);
  expect(world.calls).toEqual([]);
}, 60_000);

test('What begins again after a reset is let in with the input that its first run used', async () => {
  const world = new LocalWorld();
  await harness.working(world, async () => {
    const { reached, letGo } = hold(world);
    const operation = await harness.client.start(signed());
    await reached;
    world.gate = async () => {};
    await harness.temporal('workflow', 'reset', '--workflow-id', operation.workflowId, '--type', 'LastWorkflowTask', '--reason', 'a test');
    expect(await operation.result()).toMatchObject({ outcome: 'done' });
    letGo();
  });
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
}, 60_000);

test('What says nothing of who asks is refused: no queue would take it', async () => {
  const world = new LocalWorld();
  await harness.working(world, async () => {
    for (const nobody of ['', 7]) {
      const { workflowId } = await start(signRequest({ ...unsigned(), requestedBy: nobody as string }, KEY), {});
      expect(await (await harness.client.operation(workflowId)).result()).toMatchObject({ outcome: 'failed', failure: { type: 'input-refused' } });
    }
  });
}, 60_000);

test('An operation whose ask the queue refuses fails', async () => {
  const world = new LocalWorld();
  const admitAnything = { activities: () => ({ ...world.activities(), admitRequest: async () => {} }) };
  await harness.working(admitAnything, async () => {
    const { workflowId } = await start({ ...unsigned(), requestedBy: '' }, {});
    expect(await (await harness.client.operation(workflowId)).result()).toMatchObject({ outcome: 'failed', failure: { type: 'input-refused', message: 'This is no ask for a turn.' } });
  });
}, 60_000);
