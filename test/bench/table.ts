import type { Measurement } from './measure.ts';

export interface Row {
  hosts: number;
  release: 'first' | 'second';
  /** Seconds, medians of the rounds. A peer that was not measured has no figure. */
  musher_s?: number;
  plain_s?: number;
  tuned_s?: number;
  pyinfra_s?: number;
  floor_s?: number;
  /** Musher's time to that of the faster playbook. */
  ratio?: number;
  /** Median share of Musher's time outside of Ansible's tasks. */
  orchestration_share?: number;
}

/** What Musher is to reach: its time to that of the faster playbook, and the share outside of Ansible's tasks. */
const TARGETS = { ratio: { first: 0.7, second: 0.55 }, orchestration_share: 0.15 } as const;

const PEERS = ['musher', 'plain', 'tuned', 'pyinfra', 'floor'] as const;

/** One row for each number of hosts and release, with the medians of the rounds. */
export function rowsOf(measurements: readonly Measurement[]): Row[] {
  const kinds = new Map(measurements.map(({ hosts, release }) => [`${hosts} ${release}`, { hosts, release }]));
  return [...kinds.values()].map(({ hosts, release }) => {
    const row: Row = { hosts, release };
    const of = measurements.filter((one) => one.hosts === hosts && one.release === release);
    for (const peer of PEERS) {
      const seconds = of.filter((one) => one.peer === peer).map((one) => one.seconds);
      if (seconds.length) row[`${peer}_s`] = round(median(seconds));
    }
    const playbooks = [row.plain_s, row.tuned_s].filter((seconds) => seconds !== undefined);
    if (row.musher_s !== undefined && playbooks.length) row.ratio = round(row.musher_s / Math.min(...playbooks));
    const shares = of.flatMap((one) => one.orchestrationShare ?? []);
    if (shares.length) row.orchestration_share = round(median(shares));
    return row;
  });
}

/** The rows as text, for a person, the targets beside what has one. */
export function tableOf(rows: readonly Row[]): string {
  const columns = ['hosts', 'release', 'musher_s', 'plain_s', 'tuned_s', 'pyinfra_s', 'floor_s', 'ratio', 'orchestration_share'] as const;
  const cellOf = (row: Row, column: (typeof columns)[number]): string => {
    const value = row[column];
    if (value === undefined) return '-';
    if (column === 'ratio') return `${value} (at most ${TARGETS.ratio[row.release]})`;
    return column === 'orchestration_share' ? `${value} (at most ${TARGETS.orchestration_share})` : String(value);
  };
  const lines = [[...columns], ...rows.map((row) => columns.map((column) => cellOf(row, column)))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]!.length)));
  return lines.map((line) => line.map((cell, n) => cell.padStart(widths[n]!)).join('  ')).join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

const round = (value: number): number => Math.round(value * 100) / 100;
