import type { DeployPlan, ProvisionPlan } from '../contract/plan.ts';
import type { DeployRequest, ObserveRequest, OperationRequest, ProvisionRequest, RollBackRequest } from '../contract/requests.ts';
import { requireAgreed } from '../plan/agreed-plan.ts';
import { planProvision } from '../plan/plan-provision.ts';
import { planRollBack } from '../plan/plan-roll-back.ts';
import { planRollOut } from '../plan/plan-roll-out.ts';
import { releaseId } from '../plan/release-id.ts';
import { targetOf } from '../plan/target.ts';
import type { RunSettings } from './ansible/run-request.ts';
import { currentActivity } from './current-activity.ts';
import { observeHosts, type Observed } from './observe-hosts.ts';

export interface Planned<P> {
  plan: P;
  /** Seconds that Ansible's tasks took of it. */
  taskSeconds: number;
}

/** Observes the hosts of a deploy and plans it. @throws {ActivityError | PlanError} */
export async function planDeploy(settings: RunSettings, request: DeployRequest): Promise<Planned<DeployPlan>> {
  const { target, observation, taskSeconds } = await observeTarget(settings, request);
  const id = releaseId(request.requestedAt, currentActivity().key.runId);
  const plan = planRollOut(target, observation, { operation: 'deploy', release: { id, checksum: null } });
  return { plan: requireAgreed(plan, request.agreed), taskSeconds };
}

/** Observes the hosts of a roll back and plans it. @throws {ActivityError | PlanError} */
export async function planRollBackTo(settings: RunSettings, request: RollBackRequest): Promise<Planned<DeployPlan>> {
  const { target, observation, taskSeconds } = await observeTarget(settings, request);
  return { plan: requireAgreed(planRollBack(target, observation, request.release), request.agreed), taskSeconds };
}

/** Observes the hosts of a group and plans its provisioning. @throws {ActivityError | PlanError} */
export async function planProvisioning(settings: RunSettings, request: ProvisionRequest): Promise<Planned<ProvisionPlan>> {
  const { observation, taskSeconds } = await observeGroup(settings, request);
  return { plan: requireAgreed(planProvision(request.spec, request.group, observation), request.agreed), taskSeconds };
}

/** Observes the hosts of a group. @throws {ActivityError} */
export async function observeGroup(settings: RunSettings, { spec, group }: ObserveRequest | ProvisionRequest): Promise<Observed> {
  const found = spec.groups[group];
  if (!found) throw new Error(`the request's spec does not hold the group "${group}"`);
  return observeHosts(settings, spec, found);
}

async function observeTarget(settings: RunSettings, request: Exclude<OperationRequest, ProvisionRequest>) {
  const target = targetOf(request.spec, request.project, request.environment);
  return { target, ...(await observeHosts(settings, request.spec, target.group)) };
}
