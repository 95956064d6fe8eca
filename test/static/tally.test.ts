import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const REPORTER = join(import.meta.dirname, '../tally-reporter.ts');

/** What the reporter writes of tests that ended so. */
async function tallyOf(...states: string[]): Promise<string[]> {
  const code = `const { default: Tally } = await import(${JSON.stringify(REPORTER)});
    const tests = ${JSON.stringify(states)}.map((state) => ({ name: 'a test', result: () => ({ state, errors: [new Error('a reason')] }) }));
    new Tally().onTestRunEnd([{ relativeModuleId: 'a file', errors: () => [], children: { allTests: () => tests } }], []);`;
  return (await execa(process.execPath, ['--input-type=module', '-e', code])).stdout.split('\n');
}

test('The closing line is the tally of passed and failed alone, whatever was skipped', async () => {
  expect(await tallyOf('passed', 'passed', 'failed', 'skipped')).toEqual(['', '✗ a file > a test: a reason', '1 skipped', '2 passed, 1 failed']);
  expect(await tallyOf('passed')).toEqual(['', '1 passed, 0 failed']);
});
