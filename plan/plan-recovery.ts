import { environmentScope } from '../contract/names.ts';
import type { Observation } from '../contract/observation.ts';
import type { Batch, DeployPlan, EnvironmentTarget, MemberBefore } from '../contract/plan.ts';
import type { MemberState } from '../contract/result.ts';
import { releasesOf } from './keeping.ts';
import { membersBefore } from './members-before.ts';
import { nextEpoch } from './next-epoch.ts';

export interface RecoveryPlan {
  epoch: number;
  /** Batches of the plan that was cut off, in its order, with those of their members that are switched. */
  batches: Batch[];
  /** What each of these is to serve. */
  targets: Record<string, MemberBefore>;
  /** Members that no balancer may ask until they have caught up, and why. */
  hold: Record<string, string>;
  /** Members that cannot be switched and that nobody stands in for: their health checks decide. And why. */
  release: Record<string, string>;
  /** How each member stands when that is done. */
  members: MemberState[];
}

const SILENT = 'it did not answer after an operation had been cut off, and nobody knows what it serves';
const EARLIER = 'held out of service since an earlier operation';

/**
 * Plans what is put right on an environment's members after an operation that was cut off in the middle of its work.
 *
 * Where all members that served before serve one release, that stays. Otherwise each of them serves again what it was found with. Nobody
 * stays drained, or held by the operation: whom it had found in service serves with the others again, or, where that cannot be, is held
 * and named. Who was held before it stays so.
 *
 * @param cutOff the plan that was being carried out.
 */
export function planRecovery(target: EnvironmentTarget, observation: Observation, cutOff: DeployPlan): RecoveryPlan {
  const { project, environment, group } = target;
  const now = membersBefore(target, observation);
  const targets: RecoveryPlan['targets'] = {};
  const hold: RecoveryPlan['hold'] = {};
  const release: RecoveryPlan['release'] = {};

  const answers = (member: string) => member in observation.hosts;
  const isHeld = (member: string) => Object.values(now[member]!.balancers).some(({ held }) => held);
  const isAsked = (member: string) => Object.values(now[member]!.balancers).every(({ admin, held }) => admin === 'ready' && !held);
  const before = (member: string): MemberBefore => cutOff.members[member]!;
  /** Whether it can serve again what it was found with. */
  const canGoBack = (member: string) => answers(member) && releasesOf(target, observation, member).some(({ id }) => id === before(member).release);

  const members = group.members.filter((member) => member in cutOff.members);
  // One that had not answered had not served for all that was known, and the balancers may have asked it all the same.
  const wasAsked = members.filter((member) => Object.values(before(member).balancers).every(({ held }) => !held) && (before(member).release !== null || member in cutOff.leftOut));
  const others = members.filter((member) => !wasAsked.includes(member));

  const sound = wasAsked.filter((member) => canGoBack(member) && !isHeld(member));
  const isWhole = sound.every(isAsked) && new Set(sound.map((member) => now[member]!.release)).size <= 1;
  for (const member of sound) if (!isWhole && (!isAsked(member) || now[member]!.release !== before(member).release)) targets[member] = before(member);
  /** What is served in the end. */
  const served = new Set(sound.map((member) => (isWhole ? now[member]! : before(member)).release));
  const fits = (id: string | null) => id !== null && (served.size === 0 || served.has(id));

  const rest = wasAsked.filter((member) => !sound.includes(member));
  for (const member of [...rest.filter((one) => answers(one) && isAsked(one)), ...rest.filter((one) => answers(one) && !isAsked(one))]) {
    const { release: serves } = now[member]!;
    const put = canGoBack(member) && fits(before(member).release) ? before(member) : fits(serves) ? now[member]! : undefined;
    if (isAsked(member)) served.add(serves);
    else if (put) {
      served.add(put.release);
      targets[member] = { ...put, inService: true };
    } else hold[member] = `it serves ${serves ?? 'nothing'}, and the others serve ${[...served].join(' and ')}`;
  }
  for (const member of rest.filter((one) => !answers(one))) {
    // Where the others serve what they were found with, and were let alone, so does it.
    const isUntouched = isAsked(member) && isWhole && (before(member).release === null ? !served.has(cutOff.release.id) : fits(before(member).release));
    if (isUntouched) continue;
    // To hold the only ones there are would turn everybody away.
    if (isHeld(member) || served.size > 0) hold[member] = SILENT;
    else release[member] = SILENT;
  }
  // Those that were behind, and that the operation let in again with another release than is served now.
  for (const member of others.filter((one) => !isHeld(one) && served.size > 0)) {
    const { release: serves } = now[member]!;
    if (!answers(member)) hold[member] = SILENT;
    else if (serves !== null && !fits(serves) && (before(member).release === null || canGoBack(member))) targets[member] = { ...before(member), inService: false };
  }

  const switched = new Set(Object.keys(targets));
  const batches = cutOff.batches.map((batch) => ({ ...batch, members: batch.members.filter((member) => switched.has(member)) }));
  const left = [...switched].filter((member) => !batches.some((batch) => batch.members.includes(member)));
  return {
    epoch: nextEpoch(observation, environmentScope(project.name, environment.name)),
    batches: [...batches, { label: 'left out', members: left, drain: true }].filter((batch) => batch.members.length > 0),
    targets,
    hold,
    release,
    members: members.map((name) => {
      const { release: id, checksum, inService } = targets[name] ?? (answers(name) ? now[name]! : before(name));
      const isOut = name in targets ? !inService : isHeld(name);
      const behind = hold[name] ?? release[name] ?? (isOut && id !== null ? EARLIER : undefined);
      return { name, release: id, checksum, inService: inService && !isOut && behind === undefined, ...(behind !== undefined && { behind }) };
    }),
  };
}
