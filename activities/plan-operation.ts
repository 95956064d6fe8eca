import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { DeployRequest, ObserveRequest, OperationRequest, ProvisionRequest, RollBackRequest } from '../contract/requests.ts';
import { agreedPlan, requireAgreed } from '../plan/agreed-plan.ts';
import { nextEpoch } from '../plan/next-epoch.ts';
import { planProvision } from '../plan/plan-provision.ts';
import { planRecovery, type RecoveryPlan } from '../plan/plan-recovery.ts';
import { planRollBack } from '../plan/plan-roll-back.ts';
import { planRollOut } from '../plan/plan-roll-out.ts';
import { releaseId } from '../plan/release-id.ts';
import { targetOf } from '../plan/target.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { checkPlaybooks } from './check-playbooks.ts';
import { currentActivity } from './current-activity.ts';
import { observeHosts, type Observed } from './observe-hosts.ts';

export interface Planned<P> {
  plan: P;
  /** Seconds that Ansible's tasks took of it. */
  taskSeconds: number;
}

/** What people have said of a plan. */
export interface Said {
  /** Members that are left out, and why. */
  without: Record<string, string>;
  /** The plan that was approved: this one, or none. */
  approved?: DeployPlan;
}

/** Observes the hosts of a deploy and plans it. @throws {ActivityError | PlanError} */
export async function planDeploy(settings: RunSettings, request: DeployRequest, said: Said): Promise<Planned<DeployPlan>> {
  const playbooks = await checkHooks(settings, request, ['once', 'each']);
  const { target, observation, taskSeconds } = await observeTarget(settings, request, said);
  const id = releaseId(request.requestedAt, currentActivity().key.runId);
  const plan = planRollOut(target, observation, { operation: 'deploy', release: { id, checksum: null } }, said.without);
  return { plan: requireSaid({ ...plan, ...playbooks }, request, said), taskSeconds };
}

/** Observes the hosts of a roll back and plans it. @throws {ActivityError | PlanError} */
export async function planRollBackTo(settings: RunSettings, request: RollBackRequest, said: Said): Promise<Planned<DeployPlan>> {
  const playbooks = await checkHooks(settings, request, ['each']);
  const { target, observation, taskSeconds } = await observeTarget(settings, request, said);
  const plan = planRollBack(target, observation, request.release, said.without);
  return { plan: requireSaid({ ...plan, ...playbooks }, request, said), taskSeconds };
}

/** Observes the hosts of a group and plans its provisioning. @throws {ActivityError | PlanError} */
export async function planProvisioning(settings: RunSettings, request: ProvisionRequest): Promise<Planned<ProvisionPlan>> {
  const { observation, taskSeconds } = await observeGroup(settings, request);
  return { plan: requireAgreed(planProvision(request.spec, request.group, observation), request.agreed), taskSeconds };
}

/** Observes the hosts of an operation that was cut off, and plans what is to be put right there. @throws {ActivityError} */
export async function planRecoveryOf(settings: RunSettings, request: OperationRequest, cutOff: DeployPlan | ProvisionPlan): Promise<Planned<RecoveryPlan>> {
  if (request.operation === 'provision' || cutOff.operation === 'provision') {
    const { observation, taskSeconds } = await observeGroup(settings, request as ProvisionRequest);
    return { plan: { epoch: nextEpoch(observation, cutOff.scope), batches: [], targets: {}, hold: {}, release: {}, members: [] }, taskSeconds };
  }
  const { target, observation, taskSeconds } = await observeTarget(settings, request, { without: {} });
  return { plan: planRecovery(target, observation, cutOff), taskSeconds };
}

/** Observes the hosts of a group. @throws {ActivityError} */
export async function observeGroup(settings: RunSettings, { spec, group }: ObserveRequest | ProvisionRequest): Promise<Observed> {
  const found = spec.groups[group];
  if (!found) throw new Error(`the request's spec does not hold the group "${group}"`);
  return observeHosts(settings, spec, found);
}

const requireSaid = (plan: DeployPlan, { agreed }: OperationRequest, { approved }: Said): DeployPlan => {
  requireAgreed(plan, approved && agreedPlan(approved));
  return requireAgreed(plan, agreed);
};

async function checkHooks(settings: RunSettings, request: Exclude<OperationRequest, ProvisionRequest>, which: ('once' | 'each')[]): Promise<Pick<DeployPlan, 'playbooks'>> {
  const target = targetOf(request.spec, request.project, request.environment);
  const playbooks = await checkPlaybooks(settings, target, which.flatMap((when) => target.project.hooks[when]));
  return Object.keys(playbooks).length > 0 ? { playbooks } : {};
}

async function observeTarget(settings: RunSettings, request: Exclude<OperationRequest, ProvisionRequest>, { without }: Said) {
  const target = targetOf(request.spec, request.project, request.environment);
  return { target, ...(await observeHosts(settings, request.spec, target.group, Object.keys(without))) };
}
