import { environmentScope, groupScope } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { EnvironmentTarget, ProvisionPlan } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { environmentUser } from '../spec/environment-user.ts';
import { canonicalJson, hashOf } from '../spec/hash.ts';
import type { Spec } from '../spec/spec.ts';
import { refuseKeptElsewhere } from './kept-elsewhere.ts';
import { nextEpoch } from './next-epoch.ts';
import { PlanError } from './plan-error.ts';
import { provisionChanges } from './provision-changes.ts';
import { serversOf, targetsOf } from './target.ts';
import { refuseStillMounted } from './withdrawn-exports.ts';

/**
 * Plans to make a group's servers ready for all its environments.
 *
 * @throws {PlanError} a server did not answer, two environments would share a user's number, what one has is kept elsewhere than the spec says, or
 *   members still mount what the storage would no longer export.
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
  for (const environment of environments) refuseKeptElsewhere(environment, observation);
  const servers = serversOf(spec, group);
  refuseStillMounted(group, environments, servers, observation);
  const scope = groupScope(groupName);
  return {
    operation: 'provision',
    subject: groupName,
    group,
    servers,
    environments,
    scope,
    epoch: nextEpoch(observation, scope),
    epochs: Object.fromEntries(
      environments.map(({ project, environment }) => environmentScope(project.name, environment.name)).map((one) => [one, nextEpoch(observation, one)]),
    ),
    observed: hashOf(canonicalJson(foundOf(observation))),
    changes: provisionChanges(group, environments, observation),
  };
}

/** What the servers were found with, but for what deploys change: those may go on between a plan and its provision. */
const foundOf = ({ hosts }: Observation) =>
  Object.entries(hosts).map(([host, { environments, balancer, exports }]) => [
    host,
    Object.entries(environments).map(([subject, { provisioned, code, files, volume }]) => [subject, provisioned, code?.source, files?.source, volume]),
    balancer && [balancer.groups, Object.entries(balancer.backends).map(([backend, members]) => [backend, Object.keys(members)])],
    exports,
  ]);

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
