import { TITLE } from '../../contract/operation-words.ts';
import type { Progress, StepReport, StepState } from '../../contract/result.ts';
import type { RunProgress } from '../../contract/run.ts';
import { paint } from '../output/paint.ts';
import { printableLine } from '../../contract/printable.ts';
import { duration } from '../output/time.ts';

const MARK: Record<StepState, { sign: string; style: Parameters<typeof paint>[0] }> = {
  waiting: { sign: '·', style: 'dim' },
  running: { sign: '▶', style: 'cyan' },
  retrying: { sign: '↻', style: 'yellow' },
  paused: { sign: '⏸', style: 'yellow' },
  done: { sign: '✓', style: 'green' },
  failed: { sign: '✗', style: 'red' },
  undoing: { sign: '◀', style: 'yellow' },
  undone: { sign: '↩', style: 'yellow' },
  skipped: { sign: '–', style: 'dim' },
};
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ACTIVE = new Set<StepState>(['running', 'retrying', 'paused', 'undoing']);

export const isActive = ({ state }: StepReport): boolean => ACTIVE.has(state);

/** A step's own time in seconds, up to `now` while it runs. */
export const secondsOf = ({ startedAt, endedAt }: StepReport, now: number): number | undefined =>
  startedAt === undefined ? undefined : Math.max(0, (endedAt ?? now) - startedAt) / 1000;

/**
 * The operation as a table of steps and hosts, for a terminal that is drawn again and again.
 *
 * @param now milliseconds since the epoch. @param width columns; no line is longer.
 */
export function renderSteps({ operation, subject, steps }: Progress, runs: RunProgress[], now: number, width: number): string {
  const nameWidth = Math.max(...steps.map(({ name }) => name.length), 4);
  const started = Math.min(...steps.flatMap(({ startedAt }) => startedAt ?? []));
  const clock = Number.isFinite(started) ? `  ${duration(Math.max(0, now - started) / 1000)}` : '';
  return [
    `${paint('bold', `${TITLE[operation]} ${subject}`)}${paint('dim', clock)}`,
    ...steps.flatMap((step) => [renderStep(step, isActive(step) ? runs : [], now, nameWidth, width), ...taskLines(step, runs, width)]),
  ].join('\n');
}

function renderStep(step: StepReport, runs: RunProgress[], now: number, nameWidth: number, width: number): string {
  const { sign, style } = MARK[step.state];
  const mark = step.state === 'running' || step.state === 'undoing' ? SPINNER[Math.floor(now / 100) % SPINNER.length]! : sign;
  const seconds = secondsOf(step, now);
  const time = (seconds === undefined ? '' : duration(seconds)).padStart(9);
  const room = width - nameWidth - 16;
  const note = step.note ? printableLine(step.note) : '';
  const rest = fitHosts(step.hosts, runs, note ? Math.max(room - 2 - Math.min(note.length, 30), 10) : room);
  const noteRoom = room - rest.length - 2;
  return `${paint(style, mark)} ${step.name.padEnd(nameWidth)} ${paint('dim', time)}  ${rest.text}${note && noteRoom > 5 ? `  ${paint(step.state === 'failed' ? 'red' : 'yellow', printableLine(note, noteRoom))}` : ''}`;
}

/** Hosts with what a run says of each, as many as fit. */
function fitHosts(hosts: string[], runs: RunProgress[], room: number): { text: string; length: number } {
  const shown: string[] = [];
  let length = 0;
  for (const [index, host] of hosts.entries()) {
    const more = `+${hosts.length - index}`;
    const last = index === hosts.length - 1;
    if (length + host.length + 3 > room - (last ? 0 : more.length + 1)) {
      shown.push(more);
      length += more.length + 1;
      break;
    }
    const failed = runs.some((run) => run.failed.includes(host));
    const done = runs.some((run) => run.done.includes(host));
    shown.push(failed ? paint('red', `${host} ✗`) : done ? paint('green', `${host} ✓`) : host);
    length += host.length + 1 + (failed || done ? 2 : 0);
  }
  return { text: shown.join(' '), length: Math.max(0, length - 1) };
}

/** What Ansible is at, below the step that runs last. */
function taskLines(step: StepReport, runs: RunProgress[], width: number): string[] {
  if (!isActive(step)) return [];
  const concerned = runs.filter((run) => step.hosts.length === 0 || [...run.done, ...run.failed].every((host) => step.hosts.includes(host)));
  return concerned.slice(0, 1).map(({ task }) => paint('dim', `    ${printableLine(task, width - 5)}`));
}
