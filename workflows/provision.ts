import { workflowInfo } from '@temporalio/workflow';
import type { ProvisionPlan } from '../contract/plan.ts';
import type { ProvisionRequest } from '../contract/requests.ts';
import type { NotUndone, OperationFailure, OperationResult } from '../contract/result.ts';
import type { GroupStage, Ordinal } from '../contract/stage.ts';
import { listed, sentence, tellLeft } from './describe.ts';
import { Operation, type Ending } from './operation.ts';
import { planWithPatience } from './plan-with-patience.ts';
import { run } from './profiles.ts';
import { admit } from './request.ts';
import { runOnHosts } from './run-on-hosts.ts';
import { StepFailed } from './step-failed.ts';

/** How long to go on asking servers that do not answer, in seconds: forward, and while undoing. */
const PATIENCE = 120;
const UNDO_PATIENCE = 30;

/** Makes the servers of a group ready for its environments: users, PHP, web servers, balancers. */
export async function provision(request: ProvisionRequest): Promise<OperationResult> {
  // Anybody's client may have sent anything: nothing is taken for granted until it is admitted.
  const group = String((request as ProvisionRequest | undefined)?.group);
  const operation = new Operation('provision', group, request);

  return operation.run({ tell: (failure, undone, notUndone) => tellProvision(group, failure, undone, notUndone) }, async () => {
    await admit(request);
    await operation.takeTurn(request);
    const plan = await operation.step('observe and plan', [], (step) =>
      planWithPatience(step, PATIENCE, () => run(`look at the servers of ${group}`).planProvision(request)),
    );
    const hosts = Object.keys(plan.servers);
    operation.mendBy(() => `musher provision ${group}`);
    await operation.step(
      'provision',
      hosts,
      async (step) => {
        const failures = await runOnHosts(step, { hosts, patience: PATIENCE, narrow: false }, (_hosts, ordinal) =>
          run(`make ${hosts.join(', ')} ready`).provisionGroup(stageOf(plan, operation.turn.holder, ordinal)),
        );
        StepFailed.unlessNone(failures);
      },
      async (step) => {
        const failures = await runOnHosts(step, { hosts, patience: UNDO_PATIENCE, narrow: false, isUndoing: true }, (_hosts, ordinal) =>
          run(`put ${hosts.join(', ')} back`).restoreProvision(stageOf(plan, operation.turn.holder, ordinal)),
        );
        // Where there is no gate, no step of this operation was ever let in.
        const left = Object.entries(failures).filter(([, { failure }]) => failure !== 'not-provisioned');
        operation.leftUndone('provision', Object.fromEntries(left));
        const { members, storage } = plan.group;
        const mounting = left.map(([host]) => host).filter((host) => members.includes(host));
        if (!storage || mounting.length === 0 || storage.server in failures) return;
        operation.leftUndone('provision', { [storage.server]: { message: `left as it is, since ${listed(mounting)} may still have mounted what it keeps` } });
      },
    );
  });
}

const stageOf = ({ scope, epoch, epochs, group, servers, environments }: ProvisionPlan, holder: string, ordinal: Ordinal): GroupStage => ({
  scope,
  epoch,
  ...ordinal,
  holder,
  group,
  servers,
  environments,
  ...(epochs && { epochs }),
  operationId: workflowInfo().runId,
});

function tellProvision(group: string, failure: OperationFailure | undefined, undone: readonly string[], notUndone: readonly NotUndone[]): Ending {
  if (!failure) return { members: [], message: `The servers of ${group} are ready.` };
  if (failure.type === 'busy' || failure.type === 'superseded') return { members: [], message: sentence(`${group} was left as it was: ${failure.message}`) };
  const what = failure.type === 'cancelled' ? `Provisioning ${group} was cancelled.` : `Provisioning ${group} failed at "${failure.step}": ${failure.message}`;
  const back = notUndone.length ? tellLeft('Not put back', notUndone).join(' ') : undone.length ? `Undone: ${listed(undone)}; the servers are as they were, installed packages aside.` : 'Nothing had been changed.';
  return { members: [], message: `${sentence(what)} ${back}` };
}
