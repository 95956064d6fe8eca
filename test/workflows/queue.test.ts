import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperationHandle } from '../../client/operation-handle.ts';
import { deployRequest, provisionRequest } from '../../client/requests.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import type { StepReport } from '../../contract/result.ts';
import { queueWorkflowId, WorkflowType } from '../../contract/names.ts';
import { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { World } from './world.ts';

/** Other tests may have the machine. */
const PATIENT = { timeout: 30_000 };
const deploy = (more: Partial<OperationRequest> = {}) => ({ ...deployRequest(shopSpec(), LIVE), ...more }) as OperationRequest;
const provision = () => provisionRequest(shopSpec(), 'eu');

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

const start = (request: OperationRequest = deploy()) => harness.client.start(request);
const queue = () => harness.client.queue('eu');
const temporal = (...args: string[]) => harness.temporal(...args);
const stepOf = async (operation: OperationHandle, name: string): Promise<StepReport | undefined> => (await operation.progress()).steps.find((step) => step.name === name);

/** Starts an operation, and waits until the queue has it. */
async function startInLine(request?: OperationRequest): Promise<OperationHandle> {
  const operation = await start(request);
  await operation.standing();
  return operation;
}

/** Has a deploy take its turn and keep it while others come, until it is let go. @returns the world after all of that. */
async function whileOneHolds(others: (first: OperationHandle, letGo: () => void) => Promise<void>, request?: OperationRequest): Promise<World> {
  const world = shop();
  const { reached, letGo } = hold(world);
  await harness.working(world, async () => {
    const first = await start(request);
    await reached;
    await others(first, letGo);
  });
  return world;
}

/** Waits for the end of operations, all of which are to end well. */
async function allDone(...operations: OperationHandle[]): Promise<void> {
  expect(await Promise.all(operations.map((operation) => operation.result()))).toMatchObject(operations.map(() => ({ outcome: 'done' })));
}

/** In the middle of a batch: what the real playbook has done to a balancer when it is cut off there. */
const drained = (world: World, member: string): void => {
  world.hosts['lb1']!.balancer!.backends['shop_live']![member] = { admin: 'drain', held: false };
};

test('A second deploy of an environment waits, says behind whom, and goes on by itself', async () => {
  await whileOneHolds(async (first, letGo) => {
    const second = await startInLine(deploy({ requestedBy: 'bob@desk' }));
    expect(await second.standing()).toMatchObject({ is: 'waiting', behind: [{ workflowId: first.workflowId, requestedBy: 'ann@desk' }] });
    expect(await stepOf(second, 'wait for its turn')).toMatchObject({ state: 'running', note: expect.stringMatching(/^behind the deploy of shop\/live that ann@desk asked for at \d{4}-/) as string });
    expect(await queue()).toMatchObject([
      { workflowId: first.workflowId, state: 'holding', subject: 'shop/live', behind: [] },
      { workflowId: second.workflowId, state: 'waiting', behind: [{ workflowId: first.workflowId, runId: first.runId }] },
    ]);
    letGo();
    await allDone(first, second);
    expect((await second.result()).steps[0]).toMatchObject({ name: 'wait for its turn', state: 'done' });
    await expect.poll(queue, PATIENT).toEqual([]);
  }, deploy({ requestedBy: 'ann@desk' }));
});

test('A provision waits for the deploy that is under way; a deploy that comes later waits for the provision', async () => {
  const world = await whileOneHolds(async (first, letGo) => {
    const second = await startInLine(provision());
    const third = await startInLine();
    expect((await third.standing()) as object).toMatchObject({ behind: [{ workflowId: second.workflowId }] });
    letGo();
    await allDone(first, second, third);
  });
  const order = world.calls.map(({ activity }) => activity).filter((name) => ['uploadRelease', 'provisionGroup'].includes(name));
  expect(order).toEqual(['uploadRelease', 'provisionGroup', 'uploadRelease']);
});

test('The latest of an environment takes the place of those that wait: they end as superseded, which is no failure', async () => {
  const world = await whileOneHolds(async (first, letGo) => {
    const waiting = [await startInLine(), await startInLine()];
    const latest = await startInLine(deploy({ turn: 'latest', requestedBy: 'eve@desk' }));
    for (const operation of waiting) {
      const result = await operation.result();
      expect(result).toMatchObject({ outcome: 'superseded', failure: { type: 'superseded', hosts: {} }, undone: [], notUndone: [] });
      expect(result.message).toMatch(/^shop\/live was left as it was: A later one took its place while it waited: the deploy of shop\/live that eve@desk asked for at /);
      expect((await harness.client.describe(operation.workflowId)).state).toBe('COMPLETED');
    }
    letGo();
    await allDone(first, latest);
  });
  expect(world.calls.filter(({ activity }) => activity === 'uploadRelease')).toHaveLength(2);
});

test('A cancel while waiting, and a termination while waiting, concern nobody else', async () => {
  const world = await whileOneHolds(async (first, letGo) => {
    const [cancelled, terminated, exclusive, last] = [await startInLine(), await startInLine(), await startInLine(provision()), await startInLine()];
    await cancelled.cancel();
    expect(await cancelled.result()).toMatchObject({ outcome: 'cancelled', message: 'shop/live was left as it was: The operation was cancelled.' });
    await temporal('workflow', 'terminate', '--workflow-id', terminated.workflowId);
    // It would hold back the whole group, so that its end is noticed at once.
    await temporal('workflow', 'terminate', '--workflow-id', exclusive.workflowId);
    await expect.poll(async () => (await queue()).map(({ workflowId }) => workflowId), PATIENT).toEqual([first, terminated, last].map(({ workflowId }) => workflowId));
    letGo();
    await allDone(first, last);
    await expect.poll(queue, PATIENT).toEqual([]);
  });
  expect(world.calls.filter(({ activity }) => activity === 'endRuns')).toEqual([]);
});

test('After a termination in the middle of a batch it is cleared up before the next one begins, and nobody stays drained', async () => {
  const world = shop();
  const cut = hold(world, ({ activity, release, hosts }) => activity === 'switchBatch' && release === 'new' && hosts[0] === 'web2');
  await harness.working(world, async () => {
    const first = await start();
    await cut.reached;
    drained(world, 'web2');
    const second = await startInLine();
    const seal = hold(world, ({ activity }) => activity === 'sealHosts');
    await temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    await seal.reached;
    expect(await queue()).toMatchObject([{ workflowId: first.workflowId, state: 'recovering' }, { workflowId: second.workflowId, state: 'waiting' }]);
    const before = world.calls.length;
    world.gate = async () => {};
    seal.letGo();
    expect(await second.result()).toMatchObject({ outcome: 'done' });
    expect(world.calls.slice(before).map(({ activity, hosts, release }) => [activity, hosts.join(), release])).toEqual([
      ['switchBatch', 'web2', 'old'],
      ['switchBatch', 'web1', 'old'],
      ['uploadRelease', 'web1,web2,web3', undefined],
      ['switchBatch', 'web1', 'new'],
      ['switchBatch', 'web2', 'new'],
      ['switchBatch', 'web3', 'new'],
    ]);
    cut.letGo();
  });
  expect(world.current).toEqual({ web1: 'new', web2: 'new', web3: 'new' });
  expect(world.held).toEqual([]);
});

test('After a termination with nobody waiting, members serve what they served before, and nobody stays drained', async () => {
  const world = shop();
  const cut = hold(world, ({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web2');
  await harness.working(world, async () => {
    const first = await start();
    await cut.reached;
    drained(world, 'web2');
    world.gate = async () => {};
    await temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    await expect.poll(queue, PATIENT).toEqual([]);
    const recovery = await harness.client.operation(`recover/${first.workflowId}/${first.runId}`);
    expect(await recovery.result()).toMatchObject({ outcome: 'done', message: expect.stringContaining('web1 and web2 serve again what was served before it') as string });
    expect(world.held).toEqual([]);
    expect(world.current).toEqual({ web1: 'old', web2: 'old', web3: 'old' });
    cut.letGo();
  });
});

test('A host that does not answer is named, and does not keep the next one waiting', async () => {
  const world = shop();
  const cut = hold(world, ({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web1');
  await harness.working(world, async () => {
    const first = await start(deployRequest(shopSpec({ tolerate: 1 }), LIVE));
    await cut.reached;
    world.gate = async () => {};
    world.silent.add('web3');
    await temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
    const second = await start(deployRequest(shopSpec({ tolerate: 1 }), LIVE));
    expect(await second.result()).toMatchObject({ outcome: 'done' });
    const recovery = await harness.client.operation(`recover/${first.workflowId}/${first.runId}`);
    expect(await recovery.result()).toMatchObject({ outcome: 'done', notUndone: [{ step: 'seal', message: 'web3: no route' }] });
    cut.letGo();
  });
}, 180_000);

test('A reset in the middle of a batch: the run before is cleared up after, the next goes first, then it begins again', async () => {
  const world = shop();
  const cut = hold(world, ({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web2');
  await harness.working(world, async () => {
    const first = await start(deploy({ requestedBy: 'ann@desk' }));
    await cut.reached;
    drained(world, 'web2');
    const second = await startInLine(deploy({ requestedBy: 'bob@desk' }));
    world.gate = async () => {};
    await temporal('workflow', 'reset', '--workflow-id', first.workflowId, '--type', 'LastWorkflowTask', '--reason', 'a test');
    expect(await second.result()).toMatchObject({ outcome: 'done' });
    const afterwards = await first.result();
    expect(afterwards).toMatchObject({ outcome: 'done' });
    cut.letGo();
  });
  expect(world.held).toEqual([]);
  const { runId } = await harness.client.describe((await lastOf('shop/live')).workflowId);
  expect(runId).toBeTruthy();
  // Between the seal and the end nobody was beside anybody: two whole deploys.
  const sealed = world.calls.findIndex(({ activity }) => activity === 'sealHosts');
  const after = world.calls.slice(sealed).map(({ activity, release }) => (release === undefined ? activity : `${activity} ${release}`));
  const whole = ['uploadRelease', 'switchBatch new', 'switchBatch new', 'switchBatch new'];
  expect(after).toEqual(['sealHosts', 'switchBatch old', 'switchBatch old', ...whole, ...whole]);
}, 120_000);

async function lastOf(subject: string) {
  for await (const operation of harness.client.operations(subject)) return operation;
  throw new Error(`no operation of ${subject}`);
}

test('A reset while waiting: the new run has the place of the one before', async () => {
  await whileOneHolds(async (first, letGo) => {
    const second = await startInLine();
    const third = await startInLine();
    await temporal('workflow', 'reset', '--workflow-id', second.workflowId, '--type', 'LastWorkflowTask', '--reason', 'a test');
    letGo();
    await allDone(first, second, third);
    await expect.poll(queue, PATIENT).toEqual([]);
  });
});

test('A queue that was terminated is started again, and runs over nobody who still has a turn', async () => {
  const world = await whileOneHolds(async (first, letGo) => {
    const second = await startInLine();
    await temporal('workflow', 'terminate', '--workflow-id', queueWorkflowId('eu'));
    const third = await startInLine();
    await expect.poll(async () => (await queue()).map(({ workflowId, state }) => [workflowId, state]), PATIENT).toEqual([[first.workflowId, 'holding'], [second.workflowId, 'waiting'], [third.workflowId, 'waiting']]);
    letGo();
    await allDone(first, second, third);
    await expect.poll(queue, PATIENT).toEqual([]);
  });
  expect(world.calls.filter(({ activity }) => activity === 'endRuns')).toEqual([]);
});

test('A queue that was terminated while others waited is started again by who gives its turn back', async () => {
  await whileOneHolds(async (first, letGo) => {
    const second = await startInLine();
    await temporal('workflow', 'terminate', '--workflow-id', queueWorkflowId('eu'));
    letGo();
    await allDone(first, second);
  });
});

test('The queue goes on as a new run before its history is long, with everybody in it', async () => {
  await temporal('workflow', 'terminate', '--workflow-id', queueWorkflowId('eu'));
  const started = await harness.environment.client.workflow.start(WorkflowType.queue, { workflowId: queueWorkflowId('eu'), taskQueue: 'musher', args: [{ group: 'eu', longest: 40 }] });
  const world = await whileOneHolds(async (first, letGo) => {
    const others = [await startInLine(), await startInLine(), await startInLine()];
    letGo();
    await allDone(first, ...others);
    await expect.poll(queue, PATIENT).toEqual([]);
  });
  const { runId } = await harness.environment.client.workflow.getHandle(queueWorkflowId('eu')).describe();
  expect(runId).not.toBe(started.firstExecutionRunId);
  const done = world.calls.filter(({ activity }) => activity === 'uploadRelease');
  expect(done).toHaveLength(4);
}, 120_000);

test('Taking a turn in a queue that is there takes some tens of milliseconds', async () => {
  const world = shop();
  const times: number[] = [];
  await harness.working(world, async () => {
    for (let round = 0; round < 5; round++) {
      const operation = await start();
      await operation.result();
      const { events } = await harness.environment.client.workflow.getHandle(operation.workflowId).fetchHistory();
      const at = (event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null }) => Number(event.eventTime!.seconds) * 1000 + (event.eventTime!.nanos ?? 0) / 1e6;
      const asked = events!.find(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'askTurn')!;
      const answered = events!.find(({ activityTaskCompletedEventAttributes: completed }) => String(completed?.scheduledEventId) === String(asked.eventId))!;
      times.push(at(answered) - at(asked));
      await sleep(50);
    }
  });
  // On a machine that is busy with other tests it takes longer; seconds would be a poll.
  expect(Math.min(...times)).toBeLessThan(500);
  console.log(`turns: ${times.map((time) => time.toFixed(0)).join(' ')} ms`);
}, 120_000);

test('What is no ask does not get into the line', async () => {
  const world = shop();
  await harness.working(world, async () => {
    await (await start()).result();
    const handle = harness.environment.client.workflow.getHandle(queueWorkflowId('eu'));
    await expect(handle.executeUpdate('ask', { args: [{ workflowId: 7 }] })).rejects.toThrow();
    expect(await queue()).toEqual([]);
  });
});

test('Signals that are not whole change nothing: anybody may send one', async () => {
  await whileOneHolds(async (first, letGo) => {
    const second = await startInLine();
    const { workflow } = harness.client.temporal;
    for (const what of [null, 5, { workflowId: 7 }]) await workflow.getHandle(queueWorkflowId('eu')).signal('leave', what);
    for (const what of [null, { is: 'held', runId: 'x' }, { is: 'waiting', behind: 3 }, { is: 'superseded' }]) await workflow.getHandle(second.workflowId).signal('turn', what);
    await expect.poll(() => second.standing(), PATIENT).toMatchObject({ is: 'waiting', behind: [{ workflowId: first.workflowId }] });
    letGo();
    await allDone(first, second);
  });
});
