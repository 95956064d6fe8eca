import { paint } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { duration, moment } from '../output/time.ts';
import { renderMembers } from '../views/render-result.ts';
import { activeSteps, type EndedOperation, type RunningOperation, type Status, type SubjectStatus } from './collect-status.ts';
import type { LiveMember } from './observe-live.ts';

/** The status, for a person. @param now milliseconds since the epoch. */
export function renderStatus({ subjects, temporal }: Status, now: number): string {
  if (subjects.length === 0) return 'Nothing is known yet: no operation has been started, and there is no musher.yml here.';
  const page = temporal.webUrl && paint('dim', `Temporal: ${temporal.webUrl}`);
  return [...subjects.map((subject) => renderSubject(subject, now)), ...(page ? [page] : [])].join('\n\n');
}

function renderSubject({ subject, kind, group, running, last, members, live }: SubjectStatus, now: number): string {
  const where = kind === 'group' ? 'group' : group && `on ${group}`;
  const parts = [
    running ? paint('cyan', underWay(running, now)) : '',
    last ? ending(last) : running ? '' : kind === 'group' ? 'never provisioned from here' : 'never deployed from here',
    renderMembers(members),
    live ? `${paint('dim', 'As the servers say now:')}\n${renderLive(live)}` : '',
  ];
  const body = parts.filter(Boolean).join('\n');
  return `${paint('bold', subject)} ${paint('dim', where)}\n${body.replace(/^/gm, '  ')}`;
}

function underWay({ operation, startedAt, requestedBy, steps }: RunningOperation, now: number): string {
  const since = duration(Math.max(0, now - Date.parse(startedAt)) / 1000);
  const at = !steps
    ? 'no worker answers'
    : activeSteps(steps)
        .map(({ name, hosts, note }) => `${name}${hosts.length > 0 ? ` (${hosts.join(', ')})` : ''}${note ? `, ${printableLine(note)}` : ''}`)
        .join('; ') || 'between two steps';
  return `under way for ${since}: ${operation}${requestedBy ? ` by ${printableLine(requestedBy, 80)}` : ''}, at ${at}`;
}

function ending({ operation, endedAt, outcome, message }: EndedOperation): string {
  const style = outcome === 'done' ? 'green' : outcome === 'cancelled' ? 'yellow' : 'red';
  return `${operation} ${paint(style, outcome.replace('_', ' '))} at ${moment(new Date(endedAt))}: ${printableLine(message)}`;
}

function renderLive(members: LiveMember[]): string {
  const gone = members.flatMap(({ name, files }) =>
    files?.gone ? [paint('red', `${name} cannot see its shared files since ${moment(new Date(files.gone))}`)] : files && !files.mounted ? [paint('red', `${name} has not mounted its shared files`)] : [],
  );
  return [renderLiveTable(members), ...gone].join('\n');
}

const renderLiveTable = (members: LiveMember[]): string =>
  table(
    ['member', 'release', 'checksum', 'balancers', 'releases kept'],
    members.map(({ name, unreachable, release, checksum, releases, balancers }) => [
      name,
      unreachable === undefined ? (release ?? 'none') : paint('red', `does not answer: ${printableLine(unreachable, 60)}`),
      (checksum ?? '').slice(0, 19),
      Object.entries(balancers).map(([host, { admin, held }]) => `${host}: ${admin}${held ? ', held' : ''}`).join('; '),
      releases.join(' '),
    ]),
  );
