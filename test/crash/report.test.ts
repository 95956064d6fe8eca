import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addResult, readResults, type Report } from './report.ts';
import { measuredAsMarkdown } from './measured.ts';
import { holds, isWhole, othersFound, type RowResult } from './result.ts';
import { recoveryOf } from './recovery.ts';
import { isAllowed } from './statements.ts';
import type { Made } from './strike.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'crash-report-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const result = (id: string, more: Partial<RowResult> = {}): RowResult => ({
  ...{ id, driver: 'nspawn', seed: 1, operation: 'deploy', step: 'upload', moment: 'inside', fraction: 0.5, fault: 'worker', hosts: [], rival: false, tolerate: 0, patience: 90 },
  ...{ met: true, hit: true, during: [], end: 'done', held: { 1: true, 9: null }, found: {}, next: null, seconds: 30, recovery_s: null, worker_start_s: null, requests: 100, failed: 0 },
  ...{ startedAt: '2026-01-02T03:04:05.000Z', machine: 'here' },
  ...more,
});

const report = (): Report => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;

test('Runs are merged: the last result of a row counts, and a torn line is none', () => {
  addResult(folder, result('nspawn-1-1', { held: { 1: false }, found: { 1: ['lost <b>'] } }));
  appendFileSync(join(folder, 'rows.jsonl'), '{"id": "nspawn-1-3", "torn');
  addResult(folder, result('nspawn-1-2', { recovery_s: 1 }));
  expect(report()).toMatchObject({ kills: 2, held: 1 });
  expect(report().rows[0]!.id).toBe('nspawn-1-1');
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  expect(page).toContain('make crash ROWS=nspawn-1-1');
  expect(page).toContain('lost &lt;b&gt;');
  addResult(folder, result('nspawn-1-1', { recovery_s: 4 }));
  expect([...readResults(folder).keys()].sort()).toEqual(['nspawn-1-1', 'nspawn-1-2']);
  expect(report()).toMatchObject({ seed: 1, kills: 2, held: 2, recovery_s: { median: 2.5, max: 4 } });
});

test('A row that hit nothing, or came too late, is no kill; one that could not be looked at is one that does not hold', () => {
  addResult(folder, result('nspawn-1-1', { hit: false }));
  addResult(folder, result('nspawn-1-2', { error: 'no lab', held: {} }));
  addResult(folder, result('nspawn-1-3', { met: false }));
  addResult(folder, result('nspawn-1-4'));
  expect(report()).toMatchObject({ kills: 2, held: 1, broken: 1, missed: 2 });
  expect(measuredAsMarkdown(report().rows)).toContain('4 rows, done from 2026-01-02 to 2026-01-02: **1 of 2 kills held**. Of the rows 1 could not be looked at to their end, which counts as not held; 2 came when the operation had ended, and are not counted.');
  expect(holds(result('nspawn-1-3', { next: false }))).toBe(false);
  expect(holds(result('nspawn-1-3', { held: { 1: true, 2: false } }))).toBe(false);
  expect(holds(result('nspawn-1-3', { recovery_s: 5 }))).toBe(true);
  const late = result('nspawn-1-3', { recovery_s: 5.1 });
  expect(holds(late)).toBe(false);
  expect(isWhole(late)).toBe(true);
  expect(othersFound(late)).toEqual(['the operation went on 5.1 s after it could; within 5 s it must']);
});

const START = 1_000_000;
const made = (fault: Made['fault'], more: Partial<Made> = {}): Made => ({ fault, seconds: 20, hit: true, made: { from: START + 60_000, to: START + 60_500 }, mended: { from: START + 80_500, to: START + 85_000 }, ...more });
const allowed = (at: number, after: number, strike: Made): boolean => isAllowed({ at, after }, START, strike, []);

test('Requests may fail as it was said beforehand, and no others', () => {
  expect(allowed(59, 1.5, made('worker'))).toBe(false);
  expect(allowed(58, 3, made('power-member', { host: 'web1' }))).toBe(true);
  // It had failed before, or was sent after the balancer must have noticed, or nothing was done.
  expect(allowed(50, 3, made('power-member', { host: 'web1' }))).toBe(false);
  expect(allowed(70, 1, made('link-45', { host: 'web1' }))).toBe(true);
  expect(allowed(76, 1, made('link-45', { host: 'web1' }))).toBe(false);
  expect(allowed(70, 1, made('link-45', { host: 'web1', hit: false }))).toBe(false);
  expect(allowed(104, 1, made('power-balancer', { host: 'lb1' }))).toBe(true);
  expect(allowed(106, 1, made('power-balancer', { host: 'lb1' }))).toBe(false);
});

test('An operation goes on with the first task that the new worker takes', () => {
  const history = [{ at: 1000 }, { at: 9000, identity: '70@here' }, { at: 12_500, identity: '71@here' }, { at: 13_000, identity: '71@here' }];
  const worker = { pid: 71, started: 11_000 };
  expect(recoveryOf(history, worker, 5000)).toBe(1.5);
  expect(recoveryOf(history, worker, 8000)).toBe(0);
  expect(recoveryOf(history, { ...worker, pid: 7 }, 5000)).toBeUndefined();
});
