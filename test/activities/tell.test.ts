import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { telling } from '../../activities/tell.ts';
import { LedgerError } from '../../contract/ledger-error.ts';

// What an activity's error becomes before it goes into a history.

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'musher-tell-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** What Temporal hears of an activity that throws this. */
async function heard(thrown: unknown, attempt = 1): Promise<unknown> {
  const environment = new MockActivityEnvironment({ attempt, activityType: 'switchBatch' }, { logger: new DefaultLogger('ERROR') });
  const activity = telling(join(folder, 'reports'), '1.2.3')(() => Promise.reject(thrown as Error));
  return environment.run(activity).catch((error: unknown) => error);
}

const SECRET = 'hunter2hunter2';
const bug = (): Error => new TypeError(`cannot read password=${SECRET}`, { cause: new RangeError('beneath') });

test('A bug is tried again twice, and its history has neither its secrets nor its stack', async () => {
  for (const attempt of [1, 2]) {
    const told = (await heard(bug(), attempt)) as ApplicationFailure;
    expect(told).toMatchObject({ type: 'bug', nonRetryable: false, message: 'A bug in Musher: TypeError: cannot read password=[removed].' });
    expect(told.cause).toBeUndefined();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('The third time a report is kept, private and without secrets, and the message says where', async () => {
  const told = (await heard(bug(), 3)) as ApplicationFailure;
  expect(told).toMatchObject({ type: 'bug', nonRetryable: true });
  const [name] = readdirSync(join(folder, 'reports'));
  const path = join(folder, 'reports', name!);
  expect(told.message).toContain(`A report is in ${path} on the worker's machine`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const report = readFileSync(path, 'utf8');
  expect(report).toMatch(/\nActivity {2}switchBatch of .*, attempt 3\nVersions {2}Musher 1\.2\.3, /);
  expect(report).toMatch(/TypeError: cannot read password=\[removed\]\n\s+at [\s\S]*Caused by: RangeError: beneath\n\s+at /);
  expect(report).not.toContain(SECRET);
});

test('Where no report can be kept the bug is told all the same', async () => {
  writeFileSync(join(folder, 'reports'), 'in the way');
  expect(await heard('thrown as it is', 3)).toMatchObject({ type: 'bug', message: 'A bug in Musher: thrown as it is.' });
});

test.each([
  ['a failure of the ledger', new LedgerError('disk-full', 'full', { web1: 'full' }), { type: 'disk-full', message: 'full', details: [{ web1: 'full' }] }],
  ['a cancel', new CancelledFailure('cancelled'), { name: 'CancelledFailure' }],
  ['what the system says of a file', Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', syscall: 'write' }), { code: 'ENOSPC' }],
])('No bug is %s', async (_what, thrown, told) => {
  expect(await heard(thrown, 3)).toMatchObject(told);
  expect(readdirSync(folder)).toEqual([]);
});
