import type { Observation } from '../contract/observation.ts';
import type { DeployPlan, EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { membersBefore } from './members-before.ts';
import { PlanError } from './plan-error.ts';
import { planRollOut } from './plan-roll-out.ts';

/**
 * Plans to serve a release that the members still keep.
 *
 * @param wanted the release's id; left out: the newest that is older than every member's current one.
 * @throws {PlanError} as `planRollOut` does, and `no-release` where a member does not keep such a release.
 */
export function planRollBack(target: EnvironmentTarget, observation: Observation, wanted?: string): DeployPlan {
  const subject = environmentSubject(target.project.name, target.environment.name);
  const kept = target.group.members.flatMap((member) => {
    const seen = observation.hosts[member]?.environments[subject];
    return seen ? [{ member, current: seen.current, releases: seen.releases }] : [];
  });
  // Only what every answering member keeps, with one checksum, can be gone back to.
  const common = (kept[0]?.releases ?? []).filter(({ id, checksum }) =>
    kept.every(({ releases }) => releases.some((release) => release.id === id && release.checksum === checksum)),
  );
  // A member that is behind serves nobody: what is gone back from is what the others serve.
  const before = membersBefore(target, observation);
  const serving = kept.filter(({ member }) => before[member]?.inService);
  const currents = (serving.length > 0 ? serving : kept).flatMap(({ current }) => current ?? []).sort();
  const oldest = currents[0];
  const release = wanted === undefined ? common.filter(({ id }) => oldest !== undefined && id < oldest).at(-1) : common.find(({ id }) => id === wanted);
  if (!release && kept.length > 0) {
    const asked = wanted === undefined ? `an older release than ${oldest ?? 'none'}` : `release ${wanted}`;
    const choice = common.map(({ id }) => id).join(', ') || 'none';
    throw new PlanError('no-release', `Not every member of ${target.group.name} keeps ${asked} of ${subject}. All of them keep: ${choice}.`);
  }
  return planRollOut(target, observation, { operation: 'rollBack', release: release ?? { id: wanted ?? '', checksum: null } });
}
