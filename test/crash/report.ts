import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pageOf } from './page.ts';
import { holds, isMissed, type RowResult } from './result.ts';

/** What `report.json` says: the figures, merged over all runs into one folder. */
export interface Report {
  seed: number;
  /**
   * Rows in which something was killed, cut off, filled or frozen before the operation had ended, and those of them in which everything that was due held. Those that
   * could not be looked at to their end (`broken`) count as kills that did not hold; those that came too late (`missed`) are none.
   */
  kills: number;
  held: number;
  broken: number;
  missed: number;
  recovery_s: { median: number | null; max: number | null; measured: number };
  /** What the new worker's start, until it was ready, took of that. */
  worker_start_s: { median: number | null; max: number | null };
  from: string | null;
  to: string | null;
  machines: string[];
  rows: RowResult[];
}

const linesOf = (folder: string): string => join(folder, 'rows.jsonl');

/** What earlier runs left, the last result of each row. A line that a crash tore is none. */
export function readResults(folder: string): Map<string, RowResult> {
  const results = new Map<string, RowResult>();
  if (!existsSync(linesOf(folder))) return results;
  for (const line of readFileSync(linesOf(folder), 'utf8').split('\n')) {
    try {
      const result = JSON.parse(line) as RowResult;
      results.set(result.id, result);
    } catch {
      // Empty, or torn.
    }
  }
  return results;
}

/** Adds a row's result durably, and writes the report and its page anew. */
export function addResult(folder: string, result: RowResult): void {
  mkdirSync(folder, { recursive: true });
  const file = openSync(linesOf(folder), 'a');
  // First a line's end: what was torn before must not take this with it.
  writeSync(file, `\n${JSON.stringify(result)}\n`);
  fsyncSync(file);
  closeSync(file);
  writeReport(folder);
}

export function writeReport(folder: string): Report {
  const report = reportOf([...readResults(folder).values()]);
  replace(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  replace(join(folder, 'index.html'), pageOf(report));
  return report;
}

export function reportOf(rows: readonly RowResult[]): Report {
  const killed = rows.filter((row) => !isMissed(row));
  const recoveries = rows.flatMap(({ recovery_s }) => recovery_s ?? []).sort((a, b) => a - b);
  const starts = rows.flatMap(({ worker_start_s }) => worker_start_s ?? []).sort((a, b) => a - b);
  const times = rows.map(({ startedAt }) => startedAt).sort();
  return {
    seed: rows[0]?.seed ?? 0,
    kills: killed.length,
    held: killed.filter(holds).length,
    broken: killed.filter(({ error }) => error !== undefined).length,
    missed: rows.length - killed.length,
    recovery_s: { median: medianOf(recoveries), max: recoveries.at(-1) ?? null, measured: recoveries.length },
    worker_start_s: { median: medianOf(starts), max: starts.at(-1) ?? null },
    from: times[0] ?? null,
    to: times.at(-1) ?? null,
    machines: [...new Set(rows.map(({ machine }) => machine))],
    rows: rows.toSorted((a, b) => Number(holds(a)) - Number(holds(b)) || a.id.localeCompare(b.id, 'en', { numeric: true })),
  };
}

function medianOf(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const middle = (sorted.length - 1) / 2;
  return Math.round(((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2) * 1000) / 1000;
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}
