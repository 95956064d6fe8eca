import { backendName, groupScope, subjectOfBackend } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { EnvironmentTarget, PlannedChange, ProvisionPlan } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { environmentUser } from '../spec/environment-user.ts';
import { canonicalJson, hashOf } from '../spec/hash.ts';
import type { Group, Spec } from '../spec/spec.ts';
import { exportedFor } from './keeping.ts';
import { refuseKeptElsewhere } from './kept-elsewhere.ts';
import { nextEpoch } from './next-epoch.ts';
import { PlanError } from './plan-error.ts';
import { serversOf, targetsOf } from './target.ts';

/**
 * Plans to make a group's servers ready for all its environments.
 *
 * @throws {PlanError} a server did not answer, two environments would share a user's number, or what one has is kept elsewhere than the spec says.
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
  const scope = groupScope(groupName);
  return {
    operation: 'provision',
    subject: groupName,
    group,
    servers: serversOf(spec, group),
    environments,
    scope,
    epoch: nextEpoch(observation, scope),
    observed: hashOf(canonicalJson(foundOf(observation))),
    changes: changesOf(group, environments, observation),
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

/** What an observation does not tell, a provision finds out: settings of services, one by one. */
const REST = '; what differs from the spec is changed';

function changesOf(group: Group, environments: readonly EnvironmentTarget[], { hosts }: Observation): PlannedChange[] {
  const { name, members, balancers, code, files, storage } = group;
  const served = environments.map(({ project, environment }) => ({
    subject: environmentSubject(project.name, environment.name),
    backend: backendName(project.name, environment.name),
    exported: exportedFor(group, project.name, environment.name),
  }));
  const onMembers = members.map((host) => {
    const missing = served.flatMap(({ subject }) => (hosts[host]?.environments[subject]?.provisioned ? [] : subject));
    return { host, change: missing.length ? `made ready for ${missing.join(', ')}` : `is ready${REST}` };
  });
  const onBalancers = balancers.map((host) => {
    const missing = served.flatMap(({ subject, backend }) => (hosts[host]?.balancer?.backends[backend] ? [] : subject));
    const wanted = new Set(served.map(({ backend }) => backend));
    const dropped = (hosts[host]?.balancer?.groups[name] ?? []).filter((backend) => !wanted.has(backend)).map(subjectOfBackend);
    const changes = [...(missing.length ? [`balances ${missing.join(', ')}`] : []), ...(dropped.length ? [`no longer balances ${dropped.join(', ')}`] : [])];
    return { host, change: changes.join('; ') || `balances all of them${REST}` };
  });
  const what = ['', 'the code', 'the shared files', 'code and shared files'][(code === 'nfs' ? 1 : 0) + (files === 'nfs' ? 2 : 0)]!;
  const onStorage = (storage ? [storage.server] : []).map((host) => {
    const missing = served.flatMap(({ subject, exported }) => (exported.every((folder) => hosts[host]?.exports?.[folder]) ? [] : subject));
    return { host, change: missing.length ? `keeps ${what} of ${missing.join(', ')}` : `keeps ${what}${REST}` };
  });
  return [...onStorage, ...onMembers, ...onBalancers];
}
