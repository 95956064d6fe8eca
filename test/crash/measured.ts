import { FAULTS } from './fault-table.ts';
import { reportOf } from './report.ts';
import { holds, type RowResult } from './result.ts';
import { NAMES } from './statements.ts';

/** What `docs/durability.md` says of a report: its figures, as tables in Markdown. */
export function measuredAsMarkdown(rows: readonly RowResult[]): string {
  const { kills, held, from, to, recovery_s: recovery, worker_start_s: start } = reportOf(rows);
  const sum = (of: (row: RowResult) => number): string => rows.reduce((total, row) => total + of(row), 0).toLocaleString('en');
  const day = (time: string | null): string => time?.slice(0, 10) ?? '-';
  return [
    `${rows.length} rows, done from ${day(from)} to ${day(to)}: **${held} of ${kills} kills held**. Of ${sum(({ requests }) => requests)} requests ${sum(({ failed }) => failed)} failed${rows.every(({ held }) => held['1'] !== false) ? ', all of them as the table above allows' : ''}.`,
    `After a worker's SIGKILL the operation went on ${recovery.median} s (median of ${recovery.measured}; ${recovery.max} s at most) after the later of the new worker's start and the heartbeat's time-out. Of that the new worker took ${start.median} s to be ready (${start.max} s at most).`,
    [
      '| kills that held, of those made | cluster | pack |',
      '| --- | --- | --- |',
      ...FAULTS.map(({ name }) => `| \`${name}\` | ${['nspawn', 'uml'].map((driver) => heldOf(rows.filter((row) => row.driver === driver && row.fault === name))).join(' | ')} |`),
      `| two at once | ${['nspawn', 'uml'].map((driver) => heldOf(rows.filter((row) => row.driver === driver && row.fault.includes('+')))).join(' | ')} |`,
    ].join('\n'),
    [`| statement | ${NAMES.join(' | ')} |`, `|${' --- |'.repeat(NAMES.length + 1)}`, `| rows in which it held, of those in which it was due | ${NAMES.map((name) => statementIn(rows, name)).join(' | ')} |`].join('\n'),
  ].join('\n\n');
}

function heldOf(rows: readonly RowResult[]): string {
  const made = rows.filter(({ hit, error }) => hit && error === undefined);
  return made.length === 0 ? '-' : `${made.filter(holds).length} of ${made.length}`;
}

function statementIn(rows: readonly RowResult[], name: string): string {
  const due = rows.filter(({ held }) => typeof held[name] === 'boolean');
  return `${due.filter(({ held }) => held[name] === true).length} of ${due.length}`;
}
