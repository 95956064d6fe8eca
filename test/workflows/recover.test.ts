import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationHandle } from '../../client/operation-handle.ts';
import { deployRequest } from '../../client/requests.ts';
import { queueWorkflowId, recoverWorkflowId } from '../../contract/names.ts';
import { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { World } from './world.ts';

// What people do to the workflow that clears up, and to the queue that waits for it.

/** Other tests may have the machine. */
const PATIENT = { timeout: 60_000 };

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

const start = (): Promise<OperationHandle> => harness.client.start(deployRequest(shopSpec(), LIVE));
const recoveryOf = ({ workflowId, runId }: OperationHandle): string => recoverWorkflowId(workflowId, runId);
const states = async () => (await harness.client.queue('eu')).map(({ state }) => state);
const isBack = (world: World): void => {
  expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  expect(world.held).toEqual([]);
};

/** Cuts a deploy off in the middle of a batch, and meddles with its clearing up while that is at the seal. */
async function whileClearingUp(meddle: (first: OperationHandle, letGo: () => void) => Promise<unknown>, check: (world: World) => void = isBack): Promise<void> {
  const world = shop();
  await harness.working(world, async () => {
    const cut = hold(world, ({ activity, hosts, release }) => activity === 'switchBatch' && hosts[0] === 'web2' && release === 'new');
    const first = await start();
    await cut.reached;
    world.hosts['lb1']!.balancer!.backends['shop_live']!['web2'] = { admin: 'drain', held: false };
    const seal = hold(world, ({ activity }) => activity === 'sealHosts');
    await harness.temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    await seal.reached;
    await meddle(first, () => {
      world.gate = async () => {};
      seal.letGo();
    });
    await expect.poll(states, PATIENT).toEqual([]);
    check(world);
    cut.letGo();
  });
}

describe('Clearing up', () => {
  test('that is cancelled runs to its end all the same: it puts hosts right, and others wait for it', async () => {
    await whileClearingUp(async (first, letGo) => {
      await harness.temporal('workflow', 'cancel', '--workflow-id', recoveryOf(first));
      letGo();
      expect(await (await harness.client.operation(recoveryOf(first))).result()).toMatchObject({ outcome: 'done' });
    });
  }, 120_000);

  test('that is terminated is begun again', async () => {
    await whileClearingUp(async (first, letGo) => {
      await harness.temporal('workflow', 'terminate', '--workflow-id', recoveryOf(first));
      letGo();
    });
  }, 120_000);

  test('that is reset ends, and the queue waits for that', async () => {
    await whileClearingUp(async (first, letGo) => {
      const before = await harness.client.describe(recoveryOf(first));
      await harness.temporal('workflow', 'reset', '--workflow-id', recoveryOf(first), '--type', 'LastWorkflowTask', '--reason', 'a test');
      letGo();
      const recovery = await harness.client.operation(recoveryOf(first));
      expect(recovery.runId).not.toBe(before.runId);
      expect(await recovery.result()).toMatchObject({ outcome: 'done', message: expect.stringContaining('web1 and web2 serve again') as string });
    });
  }, 120_000);

  test('goes on when the queue is cancelled; the next queue waits for it', async () => {
    await whileClearingUp(async (first, letGo) => {
      await harness.temporal('workflow', 'cancel', '--workflow-id', queueWorkflowId('eu'));
      await expect.poll(async () => (await harness.environment.client.workflow.getHandle(queueWorkflowId('eu')).describe()).status.name, PATIENT).toBe('CANCELLED');
      const second = await start();
      expect(await second.standing()).toMatchObject({ is: 'waiting', behind: [{ operation: 'recover' }] });
      letGo();
      expect(await (await harness.client.operation(recoveryOf(first))).result()).toMatchObject({ outcome: 'done', message: expect.stringContaining('web1 and web2 serve again') as string });
      expect(await second.result()).toMatchObject({ outcome: 'done' });
    }, (world) => {
      expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
      expect(world.held).toEqual([]);
    });
  }, 120_000);

  test('knows nothing of an operation that was deleted, and lets the next one in', async () => {
    const world = shop();
    await harness.working(world, async () => {
      const cut = hold(world);
      const first = await start();
      await cut.reached;
      world.gate = async () => {};
      const { client, namespace = 'default' } = harness.environment;
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: first.workflowId } });
      expect(await (await start()).result()).toMatchObject({ outcome: 'done' });
      await expect.poll(states, PATIENT).toEqual([]);
      cut.letGo();
    });
    expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
  }, 120_000);
});
