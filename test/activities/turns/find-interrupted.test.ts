import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInterrupted, type Interrupted } from '../../../activities/turns/find-interrupted.ts';
import type { OperationHandle } from '../../../client/operation-handle.ts';
import { deployRequest } from '../../../client/requests.ts';
import type { DeployRequest } from '../../../contract/requests.ts';
import { signRequest } from '../../../contract/signature.ts';
import { Harness } from '../../workflows/harness.ts';
import { LIVE, shopSpec } from '../../workflows/shop-spec.ts';
import { shop } from '../../workflows/shop-world.ts';

// Whoever can reach a server may have started what was cut off there, and what is found of it is carried out on hosts.

const [KEY, ANOTHER] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
const SIGNED = signRequest(deployRequest(shopSpec({}, { once: ['true'] }), LIVE), KEY);

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

/** What is found of a deploy that was cut off while its hooks ran. */
async function foundOf(request: DeployRequest, key: Buffer | undefined, cutOff: (operation: OperationHandle) => Promise<unknown>): Promise<Interrupted | undefined> {
  const world = shop();
  const reached = Promise.withResolvers<void>();
  world.gate = async ({ activity }) => {
    if (activity !== 'runOnceHooks') return;
    reached.resolve();
    await Context.current().cancelled;
  };
  return harness.working(world, async () => {
    const operation = await harness.client.start(request);
    await reached.promise;
    world.gate = async () => {};
    await cutOff(operation);
    const { workflowId, runId } = operation;
    // It is cleared up after: the next test must not wait for that.
    await expect.poll(() => harness.client.queue('eu'), { timeout: 30_000 }).toEqual([]);
    return findInterrupted(harness.environment.client, key, { workflowId, runId });
  });
}

const terminate = ({ workflowId }: OperationHandle) => harness.environment.client.workflow.getHandle(workflowId).terminate('a test');

test.each([
  ['signed with the key of the worker', SIGNED, KEY],
  ['unsigned on a cluster, whose own authorization decides', { ...SIGNED, signature: undefined }, undefined],
] as [string, DeployRequest, Buffer | undefined][])('What was cut off and is %s is found, with its plan and where its hooks were started', async (_, request, key) => {
  expect(await foundOf(request, key, terminate)).toMatchObject({ request: { project: 'shop' }, plan: { operation: 'deploy', release: { id: 'new' } }, hooksOn: { web1: [] } });
});

test.each([
  ['unsigned', { ...SIGNED, signature: undefined }],
  ['signed with another key', signRequest(SIGNED, ANOTHER)],
  ['signed, and altered after', { ...SIGNED, requestedBy: 'somebody else' }],
] as [string, DeployRequest][])('Of what is %s nothing is believed', async (_, request) => {
  expect(await foundOf(request, KEY, terminate)).toBeUndefined();
});

test('What was not cut off is not cleared up after', async () => {
  const cancel = async (operation: OperationHandle) => {
    await operation.cancel();
    await operation.result();
  };
  await expect(foundOf(SIGNED, KEY, cancel)).rejects.toMatchObject({ type: 'input-refused' });
});
