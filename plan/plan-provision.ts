import { backendName, groupScope, subjectOfBackend } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { EnvironmentTarget, PlannedChange, ProvisionPlan } from '../contract/plan.ts';
import { environmentPath, environmentSubject } from '../spec/environment-names.ts';
import { environmentUser } from '../spec/environment-user.ts';
import type { Group, Spec } from '../spec/spec.ts';
import { nextEpoch } from './next-epoch.ts';
import { PlanError } from './plan-error.ts';
import { serversOf, targetsOf } from './target.ts';

/**
 * Plans to make a group's servers ready for all its environments.
 *
 * @throws {PlanError} a server did not answer, or two environments would share a user's number.
 */
export function planProvision(spec: Spec, groupName: string, observation: Observation): ProvisionPlan {
  const group = spec.groups[groupName];
  if (!group) throw new Error(`the request's spec does not hold the group "${groupName}"`);
  const silent = Object.entries(observation.unreachable);
  if (silent.length > 0) {
    throw new PlanError('host-unreachable', `${silent.map(([name]) => name).join(', ')} did not answer.`, observation.unreachable);
  }
  const environments = targetsOf(spec, groupName);
  refuseSharedUids(environments);
  const scope = groupScope(groupName);
  return {
    operation: 'provision',
    subject: groupName,
    group,
    servers: serversOf(spec, group),
    environments,
    scope,
    epoch: nextEpoch(observation, scope),
    changes: changesOf(group, environments, observation),
  };
}

function refuseSharedUids(environments: readonly EnvironmentTarget[]): void {
  const owner = new Map<number, string>();
  for (const { project, environment } of environments) {
    const subject = environmentSubject(project.name, environment.name);
    const { uid } = environmentUser(project.name, environment.name);
    const other = owner.get(uid);
    if (other) throw new PlanError('user-clash', `${other} and ${subject} would share the user number ${uid}. Rename one of them.`);
    owner.set(uid, subject);
  }
}

function changesOf({ name, members, balancers, files, root }: Group, environments: readonly EnvironmentTarget[], { hosts }: Observation): PlannedChange[] {
  const served = environments.map(({ project, environment }) => ({
    subject: environmentSubject(project.name, environment.name),
    backend: backendName(project.name, environment.name),
    shared: `${environmentPath(root, project.name, environment.name)}/shared`,
  }));
  const onMembers = members.map((host) => {
    const missing = served.flatMap(({ subject }) => (hosts[host]?.environments[subject]?.provisioned ? [] : subject));
    return { host, change: missing.length ? `made ready for ${missing.join(', ')}` : 'checked, ready already' };
  });
  const onBalancers = balancers.map((host) => {
    const missing = served.flatMap(({ subject, backend }) => (hosts[host]?.balancer?.backends[backend] ? [] : subject));
    const wanted = new Set(served.map(({ backend }) => backend));
    const dropped = (hosts[host]?.balancer?.groups[name] ?? []).filter((backend) => !wanted.has(backend)).map(subjectOfBackend);
    const changes = [...(missing.length ? [`balances ${missing.join(', ')}`] : []), ...(dropped.length ? [`no longer balances ${dropped.join(', ')}`] : [])];
    return { host, change: changes.join('; ') || 'checked, balances already' };
  });
  const onStorage = (files ? [files.server] : []).map((host) => {
    const missing = served.flatMap(({ subject, shared }) => (hosts[host]?.exports?.[shared] ? [] : subject));
    return { host, change: missing.length ? `keeps the shared files of ${missing.join(', ')}` : 'checked, keeps the shared files already' };
  });
  return [...onStorage, ...onMembers, ...onBalancers];
}
