import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OperationResult } from '../../../contract/result.ts';
import { differences } from '../oracle/differences.ts';
import { picture } from '../oracle/picture.ts';
import type { Site } from '../site.ts';
import { stillRunning } from '../traces.ts';
import { arm, disarm, hasBefallen, type Fault } from './fault.ts';
import type { Operation, Part, Row } from './rows.ts';

export const LONG = 900_000;

const WORDS: Record<Operation, string[]> = {
  'provision bare servers': ['provision', 'eu'],
  provision: ['provision', 'eu'],
  'first deploy': ['deploy', 'shop/live'],
  deploy: ['deploy', 'shop/live'],
  'roll back': ['rollback', 'shop/live'],
  'provision another spec': ['provision', 'eu'],
};

/** The whole table, and not only the part of it that `make test` does. */
const WHOLE = process.env['COMPENSATION'] === 'all';

interface Table {
  site: () => Site;
  rows: readonly Row[];
  cancels: readonly Omit<Row, 'when'>[];
  part: Part;
  /** What brings the hosts to where an operation begins, from where the one before in this list left them. */
  before: Partial<Record<Operation, () => Promise<unknown>>>;
}

/** Makes the tests of a table: in each row an operation fails, or is cancelled, and is undone. */
export function testRows({ site, rows, cancels, part, before }: Table): void {
  // Where nothing is chosen of an operation, the next one still goes on from where that would have begun.
  let pending: (() => Promise<unknown>)[] = [];
  for (const [operation, prepare] of Object.entries(before) as [Operation, () => Promise<unknown>][]) {
    const chosen = <T extends { operation: Operation }>(all: readonly T[], isPart: (one: T) => boolean): T[] => all.filter((row) => row.operation === operation && (WHOLE || isPart(row)));
    const [failing, cancelling] = [chosen(rows, part.rows), chosen(cancels, part.cancels)];
    const preparing = [...pending, prepare];
    pending = failing.length + cancelling.length > 0 ? [] : preparing;
    if (pending.length > 0) continue;
    describe(operation, () => {
      beforeAll(async () => {
        for (const one of preparing) await one();
      }, LONG);

      test.each(failing.map((row) => [title(row), row] as const))('fails: %s', (_, row) => undoing(site(), row, () => site().operate(...WORDS[operation]), 'failed'), LONG);

      test.each(cancelling.map((row) => [title(row), row] as const))('is cancelled: %s', (_, row) =>
        undoing(site(), { ...row, when: 'frozen' }, () => cancelled(site(), WORDS[operation]), 'cancelled'), LONG);
    });
  }
}

/** Runs an operation to its good end. */
export async function succeed(site: Site, ...words: string[]): Promise<OperationResult> {
  await disarm(site);
  const { exitCode, result } = await site.operate(...words);
  expect(exitCode, result.message).toBe(0);
  return result;
}

const title = ({ activity, skip, when, task, delay }: Partial<Fault>): string =>
  [`${activity}${skip ? ` number ${skip + 1}` : ''}`, when, task && `"${task}"`, delay && `after ${delay} ms`].filter(Boolean).join(', ');

/** Runs an operation in which the fault befalls, and holds the hosts against what they were. */
async function undoing(site: Site, row: Row, run: () => Promise<{ result: OperationResult }>, outcome: OperationResult['outcome']): Promise<void> {
  const { operation: _operation, undone, ...fault } = row;
  await site.writeSpec();
  const before = await picture(site.lab);
  await arm(site, fault);
  const { result } = await run();
  expect(hasBefallen(site), result.message).toBe(true);
  expect(result, result.message).toMatchObject({ outcome, undone, notUndone: [] });
  const found = differences(before, await picture(site.lab));
  expect(found, found.join('\n')).toEqual([]);
  expect(await stillRunning(site)).toEqual({});
}

async function cancelled(site: Site, [operation, subject]: string[]): Promise<{ result: OperationResult }> {
  const started = await site.musher(operation!, subject!, '--detach');
  expect(started.exitCode, started.stderr).toBe(0);
  for (const deadline = Date.now() + 180_000; !hasBefallen(site); await sleep(50)) if (Date.now() > deadline) throw new Error('It never came to be cancelled');
  const asked = await site.musher('cancel', subject!);
  expect(asked.exitCode, asked.stderr).toBe(0);
  return site.follow('watch', subject!);
}
