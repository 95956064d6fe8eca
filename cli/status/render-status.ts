import type { MountObservation } from '../../contract/observation.ts';
import type { MemberState } from '../../contract/result.ts';
import { nextCommand } from '../output/next-command.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../../contract/printable.ts';
import { table } from '../output/table.ts';
import { duration, moment } from '../output/time.ts';
import { renderObstacle, renderQueueObstacle } from '../views/render-obstacle.ts';
import { renderQuestion } from '../views/render-question.ts';
import { renderLeft, renderMembers } from '../views/render-result.ts';
import { activeSteps, type EndedOperation, type RunningOperation, type Status, type SubjectStatus, type WaitingOperation } from './collect-status.ts';
import type { LiveMember } from './observe-live.ts';

/** The status, for a person. @param now milliseconds since the epoch. @param file the spec's, where `--file` named it. */
export function renderStatus({ subjects, temporal }: Status, now: number, file?: string): string {
  if (subjects.length === 0) return 'Nothing is known yet: no operation has been started, and there is no musher.yml here.';
  const page = temporal.webUrl && paint('dim', `Temporal: ${temporal.webUrl}`);
  return [...subjects.map((subject) => renderSubject(subject, temporal, now, file)), ...(page ? [page] : [])].join('\n\n');
}

function renderSubject({ subject, kind, group, running, waiting, queueObstacle, last, recovery, members, live }: SubjectStatus, temporal: Status['temporal'], now: number, file: string | undefined): string {
  const where = kind === 'group' ? 'group' : group && `on ${group}`;
  const parts = [
    running ? paint('cyan', underWay(running, now)) : '',
    running?.obstacle ? renderObstacle(running.obstacle, running, temporal) : '',
    running?.question ? renderQuestion(running.question, subject, now) : '',
    ...waiting.map((one) => paint('yellow', inLine(one, now))),
    queueObstacle ? renderQueueObstacle(queueObstacle, group, temporal) : '',
    last ? ending(last) : running || waiting.length > 0 ? '' : kind === 'group' ? 'never provisioned from here' : 'never deployed from here',
    recovery ? ending(recovery) : '',
    renderLeft([...(last?.notUndone ?? []), ...(recovery?.notUndone ?? [])]),
    renderMembers(members),
    kind === 'environment' && !running && waiting.length === 0 ? catchingUp(subject, members, file) : '',
    live ? `${paint('dim', 'As the servers say now:')}\n${renderLive(live)}` : '',
  ];
  const body = parts.filter(Boolean).join('\n');
  return `${paint('bold', subject)} ${paint('dim', where)}\n${body.replace(/^/gm, '  ')}`;
}

/** What brings members back that missed a release: nothing else does, whatever their health checks say. */
function catchingUp(subject: string, members: MemberState[], file: string | undefined): string {
  const names = members.filter(({ behind }) => behind !== undefined).map(({ name }) => name);
  const they = names.length === 1 ? 'it has' : 'they have';
  return names.length > 0 ? paint('yellow', `${names.join(', ')} will not be asked before ${they} caught up: ${nextCommand(`deploy ${subject}`, file)}`) : '';
}

function underWay({ operation, startedAt, requestedBy, steps, obstacle }: RunningOperation, now: number): string {
  const since = duration(Math.max(0, now - Date.parse(startedAt)) / 1000);
  const at = !steps
    ? 'no worker answers'
    : activeSteps(steps)
        .map(({ name, hosts, note, state }) => `${name}${hosts.length > 0 ? ` (${hosts.join(', ')})` : ''}${state === 'paused' ? ', paused' : note ? `, ${printableLine(note)}` : ''}`)
        .join('; ') || 'between two steps';
  return `under way for ${since}: ${operation}${requestedBy ? ` by ${printableLine(requestedBy, 80)}` : ''}, ${obstacle ? 'and cannot go on' : `at ${at}`}`;
}

const inLine = ({ operation, startedAt, requestedBy, note }: WaitingOperation, now: number): string =>
  `waits for its turn for ${duration(Math.max(0, now - Date.parse(startedAt)) / 1000)}: ${operation}${requestedBy ? ` by ${printableLine(requestedBy, 80)}` : ''}${note ? `, ${printableLine(note)}` : ''}`;

function ending({ operation, endedAt, outcome, message }: EndedOperation): string {
  const style = outcome === 'done' ? 'green' : outcome === 'cancelled' || outcome === 'superseded' ? 'yellow' : 'red';
  return `${operation} ${paint(style, outcome.replace('_', ' '))} at ${moment(new Date(endedAt))}: ${printableLine(message)}`;
}

function renderLive(members: LiveMember[]): string {
  const gone = members.flatMap(({ name, code, files }) => [...renderMount(name, 'code', code), ...renderMount(name, 'shared files', files)]);
  return [renderLiveTable(members), ...gone].join('\n');
}

/** Says what is wrong with a mount, if anything is. Code that was read before is served on from memory. */
function renderMount(name: string, what: string, mount: MountObservation | undefined): string[] {
  if (mount?.gone) return [paint('red', `${name} cannot see its ${what} since ${moment(new Date(mount.gone))}${what === 'code' && mount.mounted ? ', and serves what it has in memory' : ''}`)];
  if (mount && !mount.mounted) return [paint('red', `${name} has not mounted its ${what}`)];
  return mount?.image === false ? [paint('yellow', `${name} reads its release file by file, without an image: one from before has none, and of another "journalctl -u musher-files" there says why`)] : [];
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
