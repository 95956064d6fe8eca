import type { NewRelease } from '../activities/upload-release.ts';
import { listed } from './describe.ts';
import type { Operation } from './operation.ts';
import { run } from './profiles.ts';
import type { Rollout } from './rollout.ts';

/**
 * Where code is on a storage: every member proves that it sees the whole release before any serves it. Not sooner than the storage has it,
 * because a member that was told "there is none" would believe so for a day.
 *
 * @param isNew whether it has just been uploaded; then undoing has the members forget it.
 */
export async function seeRelease(operation: Operation, rollout: Rollout, release: NewRelease, isNew: boolean): Promise<void> {
  if (rollout.plan.target.group.code !== 'nfs') return;
  const { members } = rollout;
  const finished = new Set<string>();
  await operation.step(
    'see',
    members,
    (step) =>
      rollout.onHosts(step, rollout.members, finished, (hosts, ordinal) => run(`${release.id} as ${hosts.join(', ')} see it`).seeRelease({ stage: rollout.stage(ordinal), members: hosts, release, isNew })),
    isNew
      ? (step) =>
          rollout.undo(step, 'see', members.filter((member) => !rollout.mayServe.has(member)), (hosts, ordinal) =>
            run(`forget ${release.id} again`).deleteRelease({ stage: rollout.stage(ordinal), hosts, release: release.id, of: 'see' }),
          )
      : undefined,
    (failure) =>
      rollout.ways.of(failure, { retry: `looked for again by ${listed(rollout.members.filter((member) => !finished.has(member)))}` }),
  );
}
