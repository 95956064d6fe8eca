import { groupScope } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { PlannedChange, ProvisionPlan } from '../contract/plan.ts';
import { environmentUser } from '../spec/environment-user.ts';
import type { Spec } from '../spec/spec.ts';
import { PlanError } from './plan-error.ts';
import { serversOf, targetOf } from './target.ts';

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
  const environments = Object.values(spec.projects).flatMap((project) =>
    Object.values(project.environments)
      .filter((environment) => environment.group === groupName)
      .map((environment) => targetOf(spec, project.name, environment.name)),
  );
  refuseSharedUids(environments.map(({ project, environment }) => `${project.name}/${environment.name}`));
  const scope = groupScope(groupName);
  const epochs = Object.values(observation.hosts).map((host) => host.epochs[scope] ?? 0);
  return {
    operation: 'provision',
    subject: groupName,
    group,
    servers: serversOf(spec, group),
    environments,
    scope,
    epoch: Math.max(0, ...epochs) + 1,
    changes: changesOf(group.members, group.balancers, environments.map(({ project, environment }) => `${project.name}/${environment.name}`), observation),
  };
}

function refuseSharedUids(subjects: readonly string[]): void {
  const owner = new Map<number, string>();
  for (const subject of subjects) {
    const [project = '', environment = ''] = subject.split('/');
    const { uid } = environmentUser(project, environment);
    const other = owner.get(uid);
    if (other) throw new PlanError('user-clash', `${other} and ${subject} would share the user number ${uid}. Rename one of them.`);
    owner.set(uid, subject);
  }
}

function changesOf(members: readonly string[], balancers: readonly string[], subjects: readonly string[], { hosts }: Observation): PlannedChange[] {
  const onMembers = members.map((host) => {
    const missing = subjects.filter((subject) => !hosts[host]?.environments[subject]?.provisioned);
    return { host, change: missing.length ? `made ready for ${missing.join(', ')}` : 'checked, ready already' };
  });
  const onBalancers = balancers.map((host) => {
    const backends = hosts[host]?.balancer?.backends ?? {};
    const missing = subjects.filter((subject) => !backends[subject.replace('/', '_')]);
    return { host, change: missing.length ? `balances ${missing.join(', ')}` : 'checked, balances already' };
  });
  return [...onMembers, ...onBalancers];
}
