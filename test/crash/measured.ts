import { FAULTS } from './fault-table.ts';
import { reportOf } from './report.ts';
import { holds, isMissed, type RowResult } from './result.ts';
import { NAMES } from './statements.ts';

/** What `docs/durability.md` says of a report: its figures, as tables in Markdown. */
export function measuredAsMarkdown(rows: readonly RowResult[]): string {
  const { kills, held, broken, missed, from, to, recovery_s: recovery, worker_start_s: start } = reportOf(rows);
  const sum = (of: (row: RowResult) => number): string => rows.reduce((total, row) => total + of(row), 0).toLocaleString('en');
  const day = (time: string | null): string => time?.slice(0, 10) ?? '-';
  return [
    `${rows.length} rows, done from ${day(from)} to ${day(to)}: **${held} of ${kills} kills held**.${brokenAndMissed(broken, missed)} Of ${sum(({ requests }) => requests)} requests ${sum(({ failed }) => failed)} failed${rows.every(({ held }) => held['1'] !== false) ? ', all of them as the table above allows' : ''}.`,
    `After a worker's SIGKILL the operation went on ${recovery.median} s (median of ${recovery.measured}; ${recovery.max} s at most) after the later of the new worker's start and the heartbeat's time-out. Of that the new worker took ${start.median} s to be ready (${start.max} s at most).`,
    [
      '| kills that held, of those made | cluster | pack |',
      '| --- | --- | --- |',
      ...FAULTS.map(({ name }) => `| \`${name}\` | ${['nspawn', 'uml'].map((driver) => heldOf(rows.filter((row) => row.driver === driver && row.fault === name))).join(' | ')} |`),
      `| two at once | ${['nspawn', 'uml'].map((driver) => heldOf(rows.filter((row) => row.driver === driver && row.fault.includes('+')))).join(' | ')} |`,
    ].join('\n'),
    [
      '| beside that | cluster | pack |',
      '| --- | --- | --- |',
      ...Object.entries(UNDOING).map(([what, isSo]) => `| ${what} | ${['nspawn', 'uml'].map((driver) => heldOf(rows.filter((row) => row.driver === driver && isSo(row)))).join(' | ')} |`),
    ].join('\n'),
    [`| statement | ${NAMES.join(' | ')} |`, `|${' --- |'.repeat(NAMES.length + 1)}`, `| rows in which it held, of those in which it was due | ${NAMES.map((name) => statementIn(rows, name)).join(' | ')} |`].join('\n'),
  ].join('\n\n');
}

/** The rows in which an operation comes to another end than its own. */
const UNDOING: Record<string, (row: RowResult) => boolean> = {
  'cancelled, and then one more': ({ fault, once }) => fault.startsWith('cancel +') && once === 'undoing',
  'a release that is not healthy on a member, and one before it is undone': ({ doomed, once }) => doomed !== undefined && once === undefined,
  'the same, and one while it is undone': ({ doomed, once }) => doomed !== undefined && once === 'undoing',
  'the same, and one while a person is asked': ({ once }) => once === 'asking',
  'terminated, and one while it is cleared up after': ({ once }) => once === 'recovering',
};

function brokenAndMissed(broken: number, missed: number): string {
  const told = [...(broken > 0 ? [`${broken} could not be looked at to their end, which counts as not held`] : []), ...(missed > 0 ? [`${missed} came when the operation had ended, and are not counted`] : [])];
  return told.length === 0 ? '' : ` Of the rows ${told.join('; ')}.`;
}

function heldOf(rows: readonly RowResult[]): string {
  const made = rows.filter((row) => !isMissed(row));
  return made.length === 0 ? '-' : `${made.filter(holds).length} of ${made.length}`;
}

function statementIn(rows: readonly RowResult[], name: string): string {
  const due = rows.filter(({ held }) => typeof held[name] === 'boolean');
  return `${due.filter(({ held }) => held[name] === true).length} of ${due.length}`;
}
