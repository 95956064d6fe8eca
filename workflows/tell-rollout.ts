import type { Artifact } from '../contract/artifact.ts';
import type { DecisionRecord } from '../contract/decision.ts';
import { SPOKEN } from '../contract/operation-words.ts';
import type { MemberState, NotUndone, OperationFailure } from '../contract/result.ts';
import { listed, sentence, tellLeft } from './describe.ts';
import type { Ending, Story } from './operation.ts';
import type { Rollout } from './rollout.ts';

interface Aftermath {
  undone: readonly string[];
  notUndone: readonly NotUndone[];
  members: readonly MemberState[];
  /** The decision to leave everything as it is. */
  ended: DecisionRecord | undefined;
}

interface Facts {
  rollout: Rollout | undefined;
  artifact?: Artifact | undefined;
}

/** Tells how a deploy or a roll back ended: one paragraph, and what each member serves. */
export function tellRollout(subject: string, facts: () => Facts): Story {
  return {
    tell(failure, undone, notUndone, ended): Ending {
      const { rollout, artifact } = facts();
      if (!rollout) return { members: [], message: sentence(`${subject} was left as it was: ${failure?.message ?? ''}`) };
      const { id } = rollout.plan.release;
      const checksum = artifact?.checksum ?? rollout.plan.release.checksum;
      const members = ended ? membersAsTheyAre(rollout, checksum) : failure ? membersAsBefore(rollout) : membersAfter(rollout, checksum);
      return {
        members,
        message: failure ? tellFailure(subject, rollout, failure, { undone, notUndone, members, ended }) : tellSuccess(subject, id, members),
        ...(artifact && { release: { id, ...artifact } }),
      };
    },
  };
}

const membersAfter = ({ plan, leftOut }: Rollout, checksum: string | null): MemberState[] =>
  plan.target.group.members.map((name) => {
    const behind = leftOut[name];
    if (behind === undefined) return { name, release: plan.release.id, checksum, inService: true };
    return { name, release: plan.members[name]?.release ?? null, checksum: plan.members[name]?.checksum ?? null, inService: false, behind };
  });

const membersAsBefore = ({ plan, leftOut, readmitted }: Rollout): MemberState[] =>
  plan.target.group.members.map((name) => {
    const { release = null, checksum = null, inService = false, balancers = {} } = plan.members[name] ?? {};
    // What a member serves that did not answer is not known, whether the balancers ask it or not.
    const left = readmitted.has(name) && release !== null ? undefined : leftOut[name];
    const heldBefore = release !== null && Object.values(balancers).some(({ held }) => held);
    const behind = left ?? (heldBefore ? 'held out of service since an earlier operation' : undefined);
    return { name, release, checksum, inService: inService && behind === undefined, ...(behind !== undefined && { behind }) };
  });

/** Where everything was left as it is. */
const membersAsTheyAre = (rollout: Rollout, checksum: string | null): MemberState[] =>
  membersAsBefore(rollout).map((before) => (rollout.switched.has(before.name) ? { name: before.name, release: rollout.plan.release.id, checksum, inService: true } : before));

function tellSuccess(subject: string, id: string, members: readonly MemberState[]): string {
  const serving = members.filter(({ inService }) => inService).map(({ name }) => name);
  const behind = members.filter((member) => member.behind !== undefined).map(({ name }) => name);
  const rest = behind.length ? ` ${listed(behind)} ${behind.length === 1 ? 'is' : 'are'} behind and out of service until the next deploy reaches ${behind.length === 1 ? 'it' : 'them'}.` : '';
  return `${subject} serves ${id} on ${listed(serving)}.${rest}`;
}

function tellFailure(subject: string, rollout: Rollout, failure: OperationFailure, { undone, notUndone, members, ended }: Aftermath): string {
  const { plan } = rollout;
  const what = failure.type === 'cancelled' ? `The ${SPOKEN[plan.operation]} of ${subject} was cancelled` : `The ${SPOKEN[plan.operation]} of ${subject} to ${plan.release.id} failed at "${failure.step}"`;
  const why = failure.type === 'cancelled' ? '' : `: ${failure.message}`;
  if (ended) {
    const who = ended.by === null ? 'Nobody decided in time, so it ended as it was' : `${ended.by} decided to end it as it was`;
    return `${sentence(`${what}${why}`)} ${who}: ${rollout.ways.standing()}.`;
  }
  const back = undone.length ? `Undone: ${undone.join('; ')}.` : notUndone.length ? '' : 'Nothing had been changed.';
  const releases = [...new Set(members.filter(({ inService }) => inService).map(({ release }) => release ?? 'nothing'))];
  const serving = members.filter(({ inService }) => inService).map(({ name }) => name);
  const now = serving.length ? `${listed(serving)} ${serving.length === 1 ? 'serves' : 'serve'} ${listed(releases)}, as before.` : 'No member serves it, as before.';
  return [sentence(`${what}${why}`), back, ...tellLeft('Not undone', notUndone), now].filter(Boolean).join(' ');
}
