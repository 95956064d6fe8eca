import { CancellationScope } from '@temporalio/workflow';
import type { RecoveryPlan } from '../plan/plan-recovery.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import type { MemberState, NotUndone, OperationFailure, OperationResult } from '../contract/result.ts';
import type { HookDecision } from '../contract/stage.ts';
import type { QueuedOperation } from '../contract/turn.ts';
import { listed, sentence, tellLeft } from './describe.ts';
import { Operation, type Ending } from './operation.ts';
import { quickly, run } from './profiles.ts';
import { Rollout } from './rollout.ts';
import { runOnHosts } from './run-on-hosts.ts';
import type { Step } from './step.ts';
import { putBatchesBack } from './switching.ts';

/** Nobody to be switched or held. What was planned by an older version says no more than its batches. */
const NOTHING: Omit<RecoveryPlan, 'epoch'> = { batches: [], targets: {}, hold: {}, release: {}, members: [] };

/** How long a host that does not answer is asked again, in seconds: who waits in the queue must not wait for it. */
const PATIENCE = 10;

/**
 * Clears up after an operation that was cut off (terminated, timed out, reset): ends what still runs of it, has its hosts refuse it,
 * and puts members that are drained, or held by it, or serve another release than the others, back to what they served before. Who
 * cannot be put back is held out of service, and named.
 */
export async function recover(dead: QueuedOperation): Promise<OperationResult> {
  const operation = new Operation('recover', dead.subject, dead);
  let members: MemberState[] = [];
  let back: string[] = [];

  // It puts hosts right: who cancels it would leave them as they are, and everybody else waiting.
  return operation.run({ tell: (failure, _undone, notUndone) => tellRecovery(dead, { members, back }, failure, notUndone) }, () => CancellationScope.nonCancellable(async () => {
    const found = await quickly('what it was doing').findInterrupted(dead);
    await operation.step('end its runs', [], () => run(`end the runs of ${dead.workflowId}`).endRuns(dead));
    if (!found) return;
    const { request, plan, hooksOn } = found;
    const looking = (step: Step) =>
      run(`look at the servers of ${dead.subject}`)
        .planRecovery(request, plan)
        .then(({ plan: recovery, taskSeconds }) => (step.account({ taskSeconds, changed: 0 }), { ...NOTHING, ...recovery }));

    const { epoch } = await operation.step('look at the servers', [], looking);
    const { holder } = operation.turn;
    const servers = plan.operation === 'provision' ? plan.servers : plan.target.servers;
    if (plan.operation === 'provision') operation.mendBy(() => `musher provision ${plan.subject}`);
    await operation.step('seal', Object.keys(servers), async (step) => {
      const failures = await runOnHosts(step, { hosts: Object.keys(servers), patience: PATIENCE, narrow: true }, (hosts, ordinal) =>
        run(`seal ${listed(hosts)}`).sealHosts({ stage: { scope: plan.scope, epoch, ...ordinal, holder }, hosts, servers }),
      );
      // Where there is no gate, no step was ever let in.
      const left = Object.entries(failures).filter(([, { failure }]) => failure !== 'not-provisioned');
      operation.leftUndone('seal', Object.fromEntries(left));
    });
    if (plan.operation === 'provision') return;

    const rollout = ({ batches, targets, hold, release }: Pick<RecoveryPlan, 'batches' | 'targets' | 'hold' | 'release'>) =>
      new Rollout(operation, { ...plan, epoch, batches, members: { ...plan.members, ...targets }, leftOut: { ...hold, ...release } });
    if (Object.keys(hooksOn).length > 0) await stopHooks(operation, rollout(NOTHING), plan.target, hooksOn, plan.release.id);
    const recovery = await operation.step('look again', [], looking);
    const putting = rollout(recovery);
    await leaveOut(operation, putting, recovery);
    await putBatchesBack(operation, putting);
    members = membersAfter(recovery, putting);
    back = members.filter(({ name, behind }) => recovery.targets[name]?.inService && behind === undefined).map(({ name }) => name);
  }));
}

/** Has the balancers ask nobody who cannot serve what the others do. */
async function leaveOut(operation: Operation, rollout: Rollout, { hold, release }: RecoveryPlan): Promise<void> {
  const [held, released] = [Object.keys(hold), Object.keys(release)];
  if (held.length + released.length === 0) return;
  await operation.step('leave out', [...held, ...released], async (step) => {
    const { balancers } = rollout.plan.target.group;
    operation.leftUndone('leave out', await rollout.tellBalancers(step, { held, released }, { balancers, isUndoing: true }));
  });
}

/** As planned, but for those that could not be put back. */
const membersAfter = ({ members, targets }: RecoveryPlan, { leftOut }: Rollout): MemberState[] =>
  members.map((member) => {
    const behind = member.name in targets ? leftOut[member.name] : undefined;
    return behind === undefined ? member : { ...member, inService: false, behind };
  });

async function stopHooks(operation: Operation, rollout: Rollout, target: EnvironmentTarget, hooksOn: Record<string, HookDecision[]>, release: string): Promise<void> {
  const id = `${target.project.name}/${target.environment.name}/${release}`;
  await operation.step('stop once hooks', Object.keys(hooksOn), async (step) => {
    for (const [member, decisions] of Object.entries(hooksOn))
      await rollout.undo(step, 'stop once hooks', [member], (_hosts, ordinal) => run(`stop once hooks on ${member}`).stopOnceHooks({ stage: rollout.stage(ordinal), member, release, id, decisions }));
  });
}

interface Aftermath {
  members: MemberState[];
  /** Those that serve again. */
  back: string[];
}

function tellRecovery(dead: QueuedOperation, { members, back }: Aftermath, failure: OperationFailure | undefined, notUndone: readonly NotUndone[]): Ending {
  const what = `${dead.workflowId} was cut off. What still ran of it was ended${back.length ? `; ${listed(back)} ${back.length === 1 ? 'serves' : 'serve'} again what was served before it` : ''}`;
  const said = sentence(failure ? `${dead.workflowId} was cut off, and could not be cleared up after: ${failure.message}` : what);
  const out = members.flatMap(({ name, behind }) => (behind === undefined ? [] : `${name} (${behind})`));
  const rest = out.length > 0 ? [`Out of service until the next deploy reaches ${out.length === 1 ? 'it' : 'them'}: ${listed(out)}.`] : [];
  return { members, message: [said, ...rest, ...tellLeft('Not done', notUndone)].join(' ') };
}
