import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationHandle } from '../../client/operation-handle.ts';
import { deployRequest, provisionRequest } from '../../client/requests.ts';
import { queueWorkflowId, recoverWorkflowId, TASK_QUEUE, WorkflowType } from '../../contract/names.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import type { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { anonymous, type Run, type Scenario } from './scenario.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { Call } from './world.ts';

const QUEUE = queueWorkflowId('eu');
const deploy = (): OperationRequest => deployRequest(shopSpec({}, { once: ['true'] }), LIVE);
const provision = (): OperationRequest => provisionRequest(shopSpec(), 'eu');
const secondBatch = ({ activity, hosts, release }: Call): boolean => activity === 'switchBatch' && hosts[0] === 'web2' && release === 'new';

/** Starts an operation, and waits until the queue has it. */
async function ask({ client }: Harness, request = deploy(), turn?: 'latest'): Promise<OperationHandle> {
  const operation = await client.start({ ...anonymous(request), ...(turn && { turn }) });
  await operation.standing();
  return operation;
}

/** Until a queue that was started anew, too, knows of nobody. */
export async function untilIdle({ client }: Harness): Promise<void> {
  while ((await client.queue('eu')).length > 0) await sleep(50);
}

const terminate = ({ environment }: Harness, { workflowId, runId }: Run) => environment.client.workflow.getHandle(workflowId, runId).terminate('a test');

interface Cast {
  cutOff: OperationHandle;
  superseded: OperationHandle;
  waited: OperationHandle;
}

/** One that is cut off in the middle of its batches, one that waits behind it, and one that took that one's place. @param whose history is taken at the end. */
function cutOff(whose: (cast: Cast) => Run, request = deploy, matches = secondBatch): Scenario {
  const world = shop();
  return {
    world,
    play: async (harness) => {
      const { reached, letGo } = hold(world, matches);
      const first = await ask(harness, request());
      await reached;
      const [superseded, waited] = [await ask(harness), await ask(harness, deploy(), 'latest')];
      world.gate = async () => {};
      await terminate(harness, first);
      await waited.result();
      letGo();
      await untilIdle(harness);
      return whose({ cutOff: first, superseded, waited });
    },
  };
}

/** The same, while it is cleared up after: at the seal. */
function clearingUp(whose: (cut: OperationHandle) => Run): Scenario {
  const world = shop();
  let letGo = () => {};
  return {
    world,
    letGo: () => letGo(),
    play: async (harness) => {
      const middle = hold(world, secondBatch);
      const first = await ask(harness);
      await middle.reached;
      await ask(harness);
      const seal = hold(world, ({ activity }) => activity === 'sealHosts');
      await terminate(harness, first);
      await seal.reached;
      letGo = () => [middle, seal].forEach((held) => held.letGo());
      return whose(first);
    },
  };
}

/** One that holds a turn, and others that wait behind it. @param whose history is taken: of the one that waits, or the queue's. */
function inLine(whose: (waiting: OperationHandle) => Run): Scenario {
  const world = shop();
  let letGo = () => {};
  return {
    world,
    letGo: () => letGo(),
    play: async (harness) => {
      const held = hold(world);
      letGo = held.letGo;
      await ask(harness);
      await held.reached;
      const waiting = await ask(harness);
      await ask(harness, provision());
      return whose(waiting);
    },
  };
}

/** A queue that goes on as new with people in it. @param which of its two runs. */
function goneOn(which: 'first' | 'second'): Scenario {
  const world = shop();
  return {
    world,
    play: async (harness) => {
      const { workflow } = harness.environment.client;
      await workflow.getHandle(QUEUE).terminate('a test').catch(() => {});
      const { firstExecutionRunId } = await workflow.start(WorkflowType.queue, { workflowId: QUEUE, taskQueue: TASK_QUEUE, args: [{ group: 'eu', longest: 20 }] });
      const { reached, letGo } = hold(world);
      const operations = [await ask(harness)];
      await reached;
      let runId = firstExecutionRunId;
      while (runId === firstExecutionRunId) {
        operations.push(await ask(harness));
        ({ runId } = await workflow.getHandle(QUEUE).describe());
      }
      letGo();
      await Promise.all(operations.map((operation) => operation.result()));
      await untilIdle(harness);
      return { workflowId: QUEUE, runId: which === 'first' ? firstExecutionRunId : runId };
    },
  };
}

/** A deploy that was reset in the middle of its batches. @param which of its runs: the one that finds its turn lost, or the one that begins again. */
function reset(which: 'lost' | 'again'): Scenario {
  const world = shop();
  return {
    world,
    play: async (harness) => {
      const { reached, letGo } = hold(world, secondBatch);
      const operation = await ask(harness);
      await reached;
      world.gate = async () => {};
      await harness.temporal('workflow', 'reset', '--workflow-id', operation.workflowId, '--type', 'LastWorkflowTask', '--reason', 'a test');
      await operation.result();
      letGo();
      await untilIdle(harness);
      const again = await harness.client.describe(operation.workflowId);
      const { events } = await harness.environment.client.workflow.getHandle(again.workflowId, again.runId).fetchHistory();
      const lost = events![0]!.workflowExecutionStartedEventAttributes!.continuedExecutionRunId!;
      return { workflowId: operation.workflowId, runId: which === 'again' ? again.runId : lost };
    },
  };
}

const queue = (): Run => ({ workflowId: QUEUE });
const recoveryOf = ({ workflowId, runId }: OperationHandle): Run => ({ workflowId: recoverWorkflowId(workflowId, runId) });

/** Operations that meet others, and the queue between them. */
export const LINES: Record<string, () => Scenario> = {
  'deploy-superseded': () => cutOff(({ superseded }) => superseded),
  'deploy-waited': () => cutOff(({ waited }) => waited),
  'recover-done': () => cutOff(({ cutOff: cut }) => recoveryOf(cut)),
  queue: () => cutOff(queue),
  'deploy-waiting-for-its-turn': () => inLine((waiting) => waiting),
  'queue-with-a-line': () => inLine(queue),
  'queue-clearing-up': () => clearingUp(queue),
  'recover-under-way': () => clearingUp(recoveryOf),
  'recover-of-a-provision': () => cutOff(({ cutOff: cut }) => recoveryOf(cut), provision, ({ activity }) => activity === 'provisionGroup'),
  'queue-gone-on-as-new': () => goneOn('first'),
  'queue-that-went-on': () => goneOn('second'),
  'deploy-reset': () => reset('lost'),
  'deploy-begun-again': () => reset('again'),
};
