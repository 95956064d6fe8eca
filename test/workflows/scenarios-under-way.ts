import { deployRequest, observeRequest, provisionRequest, rollBackRequest } from '../../client/requests.ts';
import { TASK_QUEUE, WorkflowType } from '../../contract/names.ts';
import type { OperationRequest } from '../../contract/requests.ts';
import type { Harness } from './harness.ts';
import { hold } from './hold.ts';
import { Paused } from './pausing.ts';
import { anonymous, sick, troubled, type Run, type Scenario } from './scenario.ts';
import { LIVE, shopSpec } from './shop-spec.ts';
import { shop } from './shop-world.ts';
import type { Call, World } from './world.ts';

/** An operation that is asking a person. */
const asking = (request: OperationRequest, world: World): Scenario => ({
  world,
  play: async ({ client }) => {
    const operation = await client.start(anonymous(request));
    await new Paused(operation).question();
    return operation;
  },
});

/** An operation in the middle of a run on hosts. */
const inTheMiddleOf = (matches: (call: Call) => boolean, request: OperationRequest, world = shop()): Scenario => {
  const { reached, letGo } = hold(world, matches);
  return {
    world,
    letGo,
    play: async ({ client }) => {
      const operation = await client.start(anonymous(request));
      await reached;
      return operation;
    },
  };
};

/** A workflow that only looks. */
const looking = (type: 'plan' | 'observe', request: object): Scenario => ({
  world: shop(),
  play: async (harness) => {
    const run = await startOf(harness, type, request);
    await harness.environment.client.workflow.getHandle(run.workflowId).result();
    return run;
  },
});

async function startOf({ environment }: Harness, type: 'plan' | 'observe', request: object): Promise<Run> {
  const workflowId = `${type}/${type === 'plan' ? 'environment/shop/live' : 'group/eu'}/recorded`;
  await environment.client.workflow.start(WorkflowType[type], { workflowId, taskQueue: TASK_QUEUE, args: [anonymous(request)] });
  return { workflowId };
}

const deploy = (lines: Record<string, unknown> = {}) => deployRequest(shopSpec(lines, { once: ['true'] }), LIVE);
const putsBack = ({ activity, release }: Call): boolean => activity === 'switchBatch' && release === 'old';
const failsToProvision: World['trouble'] = ({ activity }, host) => (activity === 'provisionGroup' && host === 'lb1' ? { failure: 'balancer-refused' } : undefined);

/** Operations that have not ended, named after where they stand: a worker of a new version takes them up there. */
export const UNDER_WAY: Record<string, () => Scenario> = {
  'deploy-uploading': () => inTheMiddleOf(({ activity }) => activity === 'uploadRelease', deploy()),
  'deploy-at-a-hook': () => inTheMiddleOf(({ activity }) => activity === 'runOnceHooks', deploy()),
  'deploy-switching': () => inTheMiddleOf(({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web2', deploy()),
  'deploy-rolling-back': () => inTheMiddleOf(putsBack, deploy(), troubled(sick)),
  'deploy-paused': () => asking(deployRequest(shopSpec({ on_failure: 'pause' }), LIVE), troubled(sick)),
  'deploy-waiting-for-approval': () => asking(deploy({ approval: 'required' }), shop()),
  'roll-back-switching': () => inTheMiddleOf(({ activity, hosts }) => activity === 'switchBatch' && hosts[0] === 'web2', rollBackRequest(shopSpec(), LIVE, 'old-older')),
  'roll-back-paused': () =>
    asking(
      rollBackRequest(shopSpec({ on_failure: 'pause' }), LIVE, 'old-older'),
      troubled(({ activity, release }, host) => (activity === 'switchBatch' && release === 'old-older' && host === 'web2' ? { failure: 'health-check-failed' } : undefined)),
    ),
  'roll-back-waiting-for-approval': () => asking(rollBackRequest(shopSpec({ approval: 'required' }), LIVE, 'old-older'), shop()),
  'provision-under-way': () => inTheMiddleOf(({ activity }) => activity === 'provisionGroup', provisionRequest(shopSpec(), 'eu')),
  'provision-putting-back': () => inTheMiddleOf(({ activity }) => activity === 'restoreProvision', provisionRequest(shopSpec(), 'eu'), troubled(failsToProvision)),
  'plan-done': () => looking('plan', { ...deploy(), only: 'plan' }),
  'observe-done': () => looking('observe', observeRequest(shopSpec(), 'eu')),
};
