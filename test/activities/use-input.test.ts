import { lutimesSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { useInput } from '../../activities/use-input.ts';
import { deployRequest } from '../../client/requests.ts';
import { placeOf } from '../../contract/place.ts';
import { signRequest } from '../../contract/signature.ts';
import { shopSpec } from '../workflows/shop-spec.ts';

const KEY = Buffer.alloc(32, 7);
const QUIET = new DefaultLogger('ERROR');
const DAY = 24 * 3600_000;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'used-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const made = () => signRequest(deployRequest(shopSpec(), { project: 'shop', environment: 'live' }), KEY);
const used = () => join(folder, 'used-inputs');

/** Asks a worker as a run of the workflow `deploy` would. */
function admit(request: ReturnType<typeof made>, runId: string, { local = true, plan = false } = {}): Promise<void> {
  const run = { runsFolder: folder, python: 'python3', playbooksFolder: folder, modulesFolder: folder, knownHosts: folder, sshControlFolder: folder, forks: 1 };
  const activities = createActivities({ run, artifacts: folder, usedInputs: used(), reports: folder, version: '0', ...(local && { inputKey: KEY }) });
  const { prefix } = placeOf(request);
  const workflowId = `${prefix}/one`;
  const started = plan ? { workflowType: 'plan', workflowId: `plan/${prefix}/one` } : { workflowType: 'deploy', workflowId };
  const info = { workflowExecution: { workflowId, runId } };
  return new MockActivityEnvironment(info, { logger: QUIET }).run(activities.admitRequest, request, { ...started, at: new Date().toISOString() });
}

test('A signed input is carried out by one run, however often that asks, and by no other', async () => {
  const request = made();
  await admit(request, 'run-1');
  await admit(request, 'run-1');
  const refusal = { type: 'input-refused', nonRetryable: true, message: expect.stringMatching(/used before, by the run run-1. Make a new input/) as string };
  await expect(admit(request, 'run-2')).rejects.toMatchObject(refusal);
  // The same signature in other words.
  await expect(admit({ ...request, signature: request.signature.toUpperCase() }, 'run-2')).rejects.toMatchObject(refusal);
  await admit(made(), 'run-3');
  expect(statSync(used()).mode & 0o777).toBe(0o700);
});

test('Of runs that ask at once, one is let in', async () => {
  const request = made();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => admit(request, `run-${n}`)));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('What only reads is not remembered, and neither is anything where Temporal decides who may ask', async () => {
  const plan = signRequest({ ...deployRequest(shopSpec(), { project: 'shop', environment: 'live' }), only: 'plan' as const }, KEY);
  await admit(plan, 'run-1', { plan: true });
  await admit(plan, 'run-2', { plan: true });
  const request = made();
  await admit(request, 'run-1', { local: false });
  await admit(request, 'run-2', { local: false });
  expect(() => readdirSync(used())).toThrow('ENOENT');
});

test('An input is remembered for longer than one can be taken, and then forgotten', async () => {
  const request = made();
  await useInput(used(), request, 'old', 'run-1');
  await useInput(used(), request, 'recent', 'run-1');
  const age = (name: string, days: number) => lutimesSync(join(used(), name), new Date(Date.now() - days * DAY), new Date(Date.now() - days * DAY));
  age('old', 31);
  age('recent', 29);
  await useInput(used(), request, 'new', 'run-2');
  expect(readdirSync(used()).sort()).toEqual(['new', 'recent']);
  const late = { ...request, requestedAt: new Date(Date.now() - 16 * DAY).toISOString() };
  await expect(useInput(used(), late, 'late', 'run-3')).rejects.toMatchObject({ type: 'input-refused' });
});

test('An input from the future is refused: it would be good for longer than an hour', async () => {
  const { signature: _, ...request } = { ...made(), requestedAt: new Date(Date.now() + DAY).toISOString() };
  await expect(admit(signRequest(request, KEY), 'run-1')).rejects.toMatchObject({ type: 'input-refused' });
});
