import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubjectStatus } from '../../cli/status/collect-status.ts';
import { copyMusher } from '../copy-musher.ts';
import { deployWith, type Added } from '../workflows/changed-workflows.ts';
import { musher } from './musher.ts';
import { eventsIn, ownService } from './own-service.ts';
import { shopSpec } from './shop-spec.ts';

// The real command, local server and worker, of a copy whose code is changed as by an installation of another version, while a deploy is
// paused: its servers do not answer. The tests tell one story, in their order.
const SPEC = shopSpec({ servers: { web1: '127.0.0.2, port: 1' }, lines: 'retry_timeout: 1s, on_failure: { pause: 2h }' });
const ROOT = join(import.meta.dirname, '../..');
const copy = join(tmpdir(), `musher-upgraded-${randomBytes(4).toString('hex')}`);
const ADDED: Added = [{ name: 'count to three', before: 'const planning = new Planning(' }];
const PATIENT = { timeout: 150_000, interval: 1000 };
/** A worker is replaced, and the machine may be busy. */
const LONG = 400_000;

const main = join(copy, 'cli/main.ts');
beforeAll(() => copyMusher(copy));
afterAll(() => rmSync(copy, { recursive: true, force: true }));
const { folder, environment, run } = ownService('upgrade', SPEC, main);

const original = readFileSync(join(ROOT, 'workflows/deploy.ts'), 'utf8');
const install = (how: { guarded: boolean }) => writeFileSync(join(copy, 'workflows/deploy.ts'), deployWith(original, ADDED, how));
const statusOf = async () => (JSON.parse((await run('status', 'shop/live', '--json')).stdout) as { subjects: SubjectStatus[] }).subjects[0]!;
const question = async () => (await statusOf()).running?.question?.id;

test('a deploy pauses', async () => {
  expect(await run('deploy', 'shop/live', '--detach')).toMatchObject({ code: 0 });
  await expect.poll(question, PATIENT).toBe(1);
}, LONG);

test('with another version that cannot go on with it, status says so, why, and the ways out', async () => {
  install({ guarded: false });
  await expect.poll(async () => (await statusOf()).running?.obstacle, PATIENT).toMatchObject({ because: 'other-version' });
  const { code, stdout } = await run('status', 'shop/live');
  expect(code).toBe(0);
  const { workflowId } = (await statusOf()).running!;
  expect(stdout).toMatch(/under way for .*: deploy by .+@.+, and cannot go on/);
  expect(stdout).toContain('✗ The deploy cannot go on: the worker runs another version of Musher than the one that it was begun with, whose steps do not fit what it has done so far.');
  expect(stdout).toContain('It stands where it stood; nothing is lost, and nothing is undone. The worker says: [TMPRL1100] Nondeterminism error');
  expect(stdout).toMatch(/install the version that it was begun with +it goes on by itself/);
  expect(stdout).toMatch(new RegExp(`temporal workflow terminate --address 127\\.0\\.0\\.1:\\d+ --namespace musher --workflow-id ${workflowId} +it ends; members that it left drained`));
  const watched = await musher(['watch', 'shop/live'], { cwd: folder, env: environment, main, interruptAfter: 'why this one cannot' });
  expect(watched.stdout).toContain('Waiting for a worker that can go on with it; "musher status" says why this one cannot …');
  const retried = await run('retry', 'shop/live');
  expect(retried.code).toBe(1);
  expect(retried.stderr).toContain('The worker cannot go on with this operation: it runs another version of Musher than the one that it was begun with. "musher status" says what can be done.');
}, LONG);

test('with one whose added step is guarded it asks again what it asked, and takes the answer', async () => {
  install({ guarded: true });
  await expect.poll(question, PATIENT).toBe(1);
  expect((await run('retry', 'shop/live')).code).toBe(0);
  await expect.poll(question, PATIENT).toBe(2);
  expect((await run('rollback', 'shop/live', '--paused')).code).toBe(0);
  const { code, stdout } = await run('watch', 'shop/live', '--json');
  expect(code).toBe(1);
  const told = eventsIn(stdout).at(-1) as unknown as { result: { steps: { name: string }[] } };
  expect(told).toMatchObject({ event: 'result', result: { outcome: 'failed', failure: { type: 'host-unreachable' }, decisions: [{ decision: 'retry' }, { decision: 'rollback' }] } });
  expect(told.result.steps.map(({ name }) => name)).not.toContain('count to three');
}, LONG);

test('the next deploy has the added step', async () => {
  expect((await run('deploy', 'shop/live', '--detach')).code).toBe(0);
  await expect.poll(async () => (await statusOf()).running?.steps?.map(({ name }) => name), PATIENT).toContain('count to three');
  expect((await run('cancel', 'shop/live')).code).toBe(0);
}, LONG);
