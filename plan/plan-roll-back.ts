import type { Observation } from '../contract/observation.ts';
import type { DeployPlan, EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { releasesOf } from './keeping.ts';
import { membersBefore } from './members-before.ts';
import { PlanError } from './plan-error.ts';
import { planRollOut } from './plan-roll-out.ts';

/**
 * Plans to serve a release that is still kept, on the members or on their storage.
 *
 * @param wanted the release's id; left out: the newest that is older than every member's current one.
 * @param without members that a person left out, and why.
 * @throws {PlanError} as `planRollOut` does, and `no-release` where a member does not keep such a release.
 */
export function planRollBack(target: EnvironmentTarget, observation: Observation, wanted?: string, without: Record<string, string> = {}): DeployPlan {
  const subject = environmentSubject(target.project.name, target.environment.name);
  const answering = target.group.members.filter((member) => !(member in without) && observation.hosts[member]?.environments[subject]);
  const kept = answering.map((member) => releasesOf(target, observation, member));
  // Only what every answering member could serve, with one checksum, can be gone back to.
  const common = (kept[0] ?? []).filter(({ id, checksum }) =>
    kept.every((releases) => releases.some((release) => release.id === id && release.checksum === checksum)),
  );
  // A member that is behind serves nobody: what is gone back from is what the others serve.
  const before = membersBefore(target, observation);
  const serving = answering.filter((member) => before[member]?.inService);
  const currents = (serving.length > 0 ? serving : answering).flatMap((member) => before[member]?.release ?? []).sort();
  const oldest = currents[0];
  const release = wanted === undefined ? common.filter(({ id }) => oldest !== undefined && id < oldest).at(-1) : common.find(({ id }) => id === wanted);
  if (!release && kept.length > 0) {
    const sought = wanted === undefined ? `an older release than ${oldest ?? 'none'}` : `release ${wanted}`;
    const choice = common.map(({ id }) => id).join(', ') || 'none';
    const message =
      target.group.code === 'nfs'
        ? `The storage of ${target.group.name} does not keep ${sought} of ${subject}. It keeps: ${choice}.`
        : `Not every member of ${target.group.name} keeps ${sought} of ${subject}. All of them keep: ${choice}.`;
    throw new PlanError('no-release', message);
  }
  return planRollOut(target, observation, { operation: 'rollBack', release: release ?? { id: wanted ?? '', checksum: null } }, without);
}
