import { backendName, environmentScope } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { DeployPlan, EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject, storedPath } from '../spec/environment-names.ts';
import { serverNames } from '../spec/server-names.ts';
import type { Group } from '../spec/spec.ts';
import { batchSize, tolerated } from './amount.ts';
import { cutBatches } from './batches.ts';
import { exportedFor, keepersOf } from './keeping.ts';
import { refuseKeptElsewhere } from './kept-elsewhere.ts';
import { membersBefore } from './members-before.ts';
import { nextEpoch } from './next-epoch.ts';
import { PlanError } from './plan-error.ts';
import { rollOutChanges, type RollOutAim } from './roll-out-changes.ts';

/**
 * Plans how a release comes to serve on every member of an environment's group.
 *
 * @param without members that a person left out, and why: they do not count among those that the spec tolerates.
 * @throws {PlanError} a balancer, the storage, or more members than the spec tolerates, did not answer; or a server has
 *   not been provisioned for the environment, or keeps what it has elsewhere than the spec says.
 */
export function planRollOut(target: EnvironmentTarget, observation: Observation, aim: RollOutAim, without: Record<string, string> = {}): DeployPlan {
  const { project, environment, group } = target;
  const subject = environmentSubject(project.name, environment.name);
  const tolerate = tolerated(environment.tolerate, group.members.length);
  const leftOut = { ...unreachableMembers(target, observation, tolerate, without), ...without };
  // A new place is not provisioned either, and provisioning it would be the wrong advice.
  refuseKeptElsewhere(target, observation);
  requireProvisioned(target, observation, subject, without);

  const members = membersBefore(target, observation);
  const present = group.members.filter((member) => !(member in leftOut));
  const inService = new Set(present.filter((member) => members[member]?.inService));
  // Where nobody is served yet, nobody has to be spared.
  const isFirst = present.every((member) => !members[member]?.release);
  const size = isFirst ? Math.max(1, present.length) : batchSize(environment.batch, group.members.length);
  const batches = cutBatches(present, inService, size, group.balancers.length > 0);
  const scope = environmentScope(project.name, environment.name);
  const prune = prunable(group, present).filter((keeper) => releasesAfter(observation, keeper, subject, aim.release.id) > environment.keep);
  const previous = Object.values(members).flatMap(({ release }) => release ?? []);
  return {
    operation: aim.operation,
    subject,
    target,
    scope,
    epoch: nextEpoch(observation, scope),
    release: aim.release,
    batches,
    members,
    leftOut,
    tolerate: Math.min(group.members.length - 1, tolerate + Object.keys(without).length),
    prune,
    keepIds: [...new Set([aim.release.id, ...previous])].sort(),
    changes: rollOutChanges({ aim, target, members, leftOut, without, batches, prune }),
  };
}

/** Who may delete old releases: of a storage's nobody knows which are needed while a member has not said what it serves. */
const prunable = (group: Group, present: readonly string[]): readonly string[] =>
  group.code === 'rsync' ? present : present.length === group.members.length ? keepersOf(group) : [];

/** How many releases a server keeps once it has the new one. */
function releasesAfter({ hosts }: Observation, keeper: string, subject: string, release: string): number {
  const kept = hosts[keeper]?.environments[subject]?.releases ?? [];
  return new Set([...kept.map(({ id }) => id), release]).size;
}

function unreachableMembers({ group }: EnvironmentTarget, { unreachable }: Observation, tolerate: number, without: Record<string, string>): Record<string, string> {
  const isSpare = (name: string) => group.members.includes(name) && name !== group.storage?.server;
  const missing = Object.fromEntries(Object.entries(unreachable).filter(([name]) => isSpare(name) && !(name in without)));
  const indispensable = serverNames(group).filter((name) => name in unreachable && !isSpare(name));
  const fatal = indispensable.length > 0 || Object.keys(missing).length > tolerate;
  if (!fatal) return missing;
  const names = [...indispensable, ...Object.keys(missing)];
  throw new PlanError(
    'host-unreachable',
    `${names.join(', ')} did not answer` + (indispensable.length === 0 && tolerate > 0 ? `; the spec tolerates ${tolerate}` : '') + '.',
    Object.fromEntries(names.map((name) => [name, unreachable[name] ?? ''])),
  );
}

function requireProvisioned({ group, project, environment }: EnvironmentTarget, observation: Observation, subject: string, without: Record<string, string>): void {
  const backend = backendName(project.name, environment.name);
  const lacking: Record<string, string> = {};
  for (const member of group.members) {
    const host = observation.hosts[member];
    if (host && !(member in without) && !host.environments[subject]?.provisioned) lacking[member] = `not provisioned for ${subject}`;
  }
  for (const balancer of group.balancers) {
    const host = observation.hosts[balancer];
    if (host && !host.balancer?.backends[backend]) lacking[balancer] = `has no backend for ${subject}`;
  }
  const { storage } = group;
  const host = storage && observation.hosts[storage.server];
  if (host?.environments[subject]?.volume === 'missing') {
    const path = storedPath(storage!, project.name, environment.name);
    const message = `Nothing is mounted at ${path} on ${storage!.server}: it is to be the volume of ${subject}.`;
    throw new PlanError('volume-missing', message, { [storage!.server]: `${path} is not mounted` });
  }
  if (host && exportedFor(group, project.name, environment.name).some((folder) => !host.exports?.[folder])) lacking[storage.server] ??= `exports nothing for ${subject}`;
  const names = Object.keys(lacking);
  if (names.length === 0) return;
  const message = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not provisioned for ${subject}. Run "musher provision ${group.name}" first.`;
  throw new PlanError('not-provisioned', message, lacking);
}
