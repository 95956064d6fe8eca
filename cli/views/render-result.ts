import { FAILURES, isFailureType, type FailureType } from '../../contract/failures.ts';
import type { MemberState, NotUndone, OperationResult } from '../../contract/result.ts';
import { paint } from '../output/paint.ts';
import { printable, printableLine } from '../../contract/printable.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/time.ts';
import { tellDecision } from './render-question.ts';
import { secondsOf } from './render-steps.ts';

/** How an operation ended, for a person: what happened, what was undone, what to do, who serves what. */
export function renderResult(result: OperationResult, webUrl?: string): string {
  const { outcome, message, failure, undone, notUndone, members, steps, decisions = [], release, subject, seconds } = result;
  const mark = { done: paint('green', '✓'), failed: paint('red', '✗'), cancelled: paint('yellow', '–'), superseded: paint('yellow', '–') }[outcome];
  return [
    table(
      ['step', 'time', 'state', 'hosts'],
      steps.map((step) => [step.name, time(secondsOf(step, step.startedAt ?? 0)), step.state, step.hosts.join(' ')]),
    ),
    renderMembers(members),
    release && `Release ${release.id}: ${release.files} files, ${megabytes(release.bytes)}${release.commit ? `, commit ${release.commit}` : ''}, ${release.checksum}`,
    `${mark} ${printable(message)} (${duration(seconds)})`,
    failure && Object.entries(failure.hosts).map(([host, what]) => `  ${host}: ${printableLine(what)}`).join('\n'),
    decisions.map(tellDecision).join('\n'),
    undone.length > 0 && `Undone: ${undone.join(', ')}.`,
    renderLeft(notUndone),
    failure && [`What to do: ${remedyOf(failure.type)}`, ...(['busy', 'superseded'].includes(failure.type) ? [] : [`Ansible's output: musher logs ${subject}`])].join('\n'),
    webUrl && paint('dim', `Temporal: ${webUrl}`),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** What was not undone, and the command that mends each. */
export const renderLeft = (notUndone: NotUndone[]): string =>
  notUndone.length === 0
    ? ''
    : [
        'Not undone, and left to you:',
        ...notUndone.flatMap(({ step, message, mend }) => [`  ${step}: ${printableLine(message)}`, ...(mend === undefined ? [] : [`    mend it with: ${printableLine(mend)}`])]),
      ].join('\n');

/** A worker of a later version may know more failures. */
const remedyOf = (type: FailureType): string => (isFailureType(type) ? FAILURES[type].remedy : 'Read the message; this version of Musher does not know the failure.');

/** Who serves what, one line a member. */
export const renderMembers = (members: MemberState[]): string =>
  table(
    ['member', 'release', 'in service', ''],
    members.map(({ name, release, inService, behind }) => [
      name,
      release ?? 'none',
      inService ? paint('green', 'yes') : paint('red', 'no'),
      behind === undefined ? '' : paint('yellow', `behind: ${printableLine(behind)}`),
    ]),
  );

const time = (seconds: number | undefined): string => (seconds === undefined ? '' : duration(seconds));
const megabytes = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
