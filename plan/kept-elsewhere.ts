import type { EnvironmentObservation, Observation } from '../contract/observation.ts';
import type { EnvironmentTarget } from '../contract/plan.ts';
import { environmentSubject } from '../spec/environment-names.ts';
import { sourceOf } from './keeping.ts';
import { PlanError } from './plan-error.ts';

const KINDS = [
  { kind: 'code', folder: 'releases', what: 'code', is: 'is', it: 'it' },
  { kind: 'files', folder: 'shared', what: 'shared files', is: 'are', it: 'them' },
] as const;
type Kind = (typeof KINDS)[number];

/**
 * A spec that was changed to keep code or shared files elsewhere would have servers look where they are not: it is refused until somebody has copied them.
 *
 * @throws {PlanError} `kept-elsewhere`
 */
export function refuseKeptElsewhere(target: EnvironmentTarget, { hosts }: Observation): void {
  const subject = environmentSubject(target.project.name, target.environment.name);
  const { members, storage } = target.group;
  const there = storage && hosts[storage.server]?.environments[subject];
  for (const one of KINDS) {
    const wanted = wantedSource(target, one);
    const elsewhere: Record<string, string> = Object.fromEntries(
      members.flatMap((member) => {
        const here = hosts[member]?.environments[subject];
        const mount = here?.[one.kind];
        // One that was observed by an older version does not say what it mounts.
        if (!mount || (wanted !== undefined && [wanted, undefined].includes(mount.source))) return [];
        return wanted !== undefined && holds(there, one, here) ? [] : [[member, mount.source ?? 'a storage']];
      }),
    );
    const [found] = Object.values(elsewhere);
    if (found === undefined) continue;
    const { what, is, it } = one;
    const instead = wanted === undefined ? 'on each member' : `at ${wanted}, which has not got ${it}`;
    const message = `The ${what} of ${subject} ${is} kept at ${found}, and the spec wants ${it} ${instead}.`;
    throw new PlanError('kept-elsewhere', message, Object.fromEntries(Object.entries(elsewhere).map(([member, source]) => [member, `mounts ${source}`])));
  }
}

/** What members are to mount, as /etc/fstab has it; undefined where each keeps it on its own disk. */
const wantedSource = (target: EnvironmentTarget, { kind, folder }: Kind): string | undefined =>
  target.group[kind] === 'nfs' && target.group.storage ? sourceOf(target, folder) : undefined;

/** Whether the new place has what a member uses of the old one. */
function holds(there: EnvironmentObservation | undefined, { kind }: Kind, { current, shared }: EnvironmentObservation): boolean {
  if (kind === 'code') return current === null || (there?.releases ?? []).some(({ id }) => id === current);
  // While the old place does not say what it has, that there is something in the new one must do.
  return shared === null ? there !== undefined : shared.every((path) => there?.shared?.includes(path));
}
