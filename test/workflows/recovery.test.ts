import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectStatus } from '../../cli/status/collect-status.ts';
import { renderStatus } from '../../cli/status/render-status.ts';
import type { Connected } from '../../client/connect.ts';
import type { OperationHandle } from '../../client/operation-handle.ts';
import { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { deployOf, failing, Paused } from './pausing.ts';
import { shop } from './shop-world.ts';

/** Other tests may have the machine. */
const PATIENT = { timeout: 30_000 };

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

test('After the termination of a paused operation, whom it held serves again', async () => {
  const { world } = failing('switchBatch', 'web1', 'health-check-failed');
  await harness.working(world, async () => {
    const first = await harness.client.start(deployOf());
    await new Paused(first).question();
    expect(world.held).toEqual(['web1']);
    await harness.temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    await expect.poll(() => harness.client.queue('eu'), PATIENT).toEqual([]);
    expect(await recoveryOf(first)).toMatchObject({ outcome: 'done', message: expect.stringContaining('web1 serves again what was served before it') as string });
    expect(world.held).toEqual([]);
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
  });
}, 120_000);

test('After a termination a member that was drained and does not answer is held, and status names it with what mends it', async () => {
  const world = shop();
  const cut = hold(world, ({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web2');
  await harness.working(world, async () => {
    const first = await harness.client.start(deployOf({}));
    await cut.reached;
    // What the real playbook has done to a balancer when it is cut off there.
    world.hosts['lb1']!.balancer!.backends['shop_live']!['web2'] = { admin: 'drain', held: false };
    world.silent.add('web2');
    world.gate = async () => {};
    await harness.temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    await expect.poll(() => harness.client.queue('eu'), PATIENT).toEqual([]);
    cut.letGo();
    expect(world.hosts['lb1']!.balancer!.backends['shop_live']).toMatchObject({ web1: { held: false, admin: 'ready' }, web2: { held: true }, web3: { held: false, admin: 'ready' } });
    expect(await recoveryOf(first)).toMatchObject({ members: [{ name: 'web1', release: 'old', inService: true }, { name: 'web2', inService: false, behind: expect.stringContaining('did not answer') as string }, { name: 'web3', inService: true }] });

    const connected = { client: harness.client, address: 'here', namespace: 'default', local: true } as Connected;
    const status = await collectStatus(connected, undefined, 'shop/live');
    expect(status.subjects[0]).toMatchObject({ last: { workflowId: first.workflowId, outcome: 'terminated' }, recovery: { operation: 'recover', outcome: 'done' }, members: [{}, { name: 'web2', inService: false }, {}] });
    const text = stripVTControlCharacters(renderStatus(status, Date.now()));
    expect(text).toContain('web2 will not be asked before it has caught up: musher deploy shop/live');
    expect(text).toMatch(/deploy terminated at .*\n.*recover done at .*was cut off/);

    // Once something else has ended, that is what counts.
    world.silent.clear();
    await (await harness.client.start(deployOf({}))).result();
    const later = (await collectStatus(connected, undefined, 'shop/live')).subjects[0]!;
    expect([later.recovery, later.members.every(({ inService }) => inService)]).toEqual([undefined, true]);
  });
}, 180_000);

const recoveryOf = async ({ workflowId, runId }: OperationHandle) => (await harness.client.operation(`recover/${workflowId}/${runId}`)).result();
