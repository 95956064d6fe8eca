import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runFolder } from '../../activities/ansible/run-folder.ts';
import { createActivities } from '../../activities/index.ts';
import { provisionRequest } from '../../client/requests.ts';
import { shopSpec } from '../workflows/shop-spec.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lost-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Observes the hosts by an activity whose run left these records. */
async function observe(records: Record<string, object>): Promise<unknown> {
  const run = { runsFolder: join(folder, 'runs'), python: join(folder, 'no-python'), playbooksFolder: folder, modulesFolder: folder, knownHosts: folder, sshControlFolder: folder, forks: 1 };
  const { observeGroup } = createActivities({ run, artifacts: folder, usedInputs: folder, reports: folder, version: '0' });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const { workflowExecution, activityId } = environment.context.info;
  const home = runFolder(run.runsFolder, { ...workflowExecution!, activityId });
  await mkdir(home, { recursive: true });
  for (const [name, record] of Object.entries(records)) await writeFile(join(home, name), JSON.stringify(record));
  return environment.run(observeGroup, provisionRequest(shopSpec(), 'eu')).catch((error: unknown) => error);
}

const exit = { generation: 1, reason: 'ended', code: 250, seconds: 1, diskFull: false };
const supervisor = { pid: 999_999_999, startTime: 1, bootId: 'none', generation: 4 };

test('A run that is on record as ended without a result, or without some of its hosts, is not asked for again', async () => {
  expect(await observe({ 'exit.json': exit })).toMatchObject({ type: 'run-lost', nonRetryable: true });
  expect(await observe({ 'exit.json': { ...exit, code: 0 }, 'events.jsonl': { event: 'recap', hosts: {} } })).toMatchObject({ type: 'run-lost', nonRetryable: true });
});

test('A run that had all its starts is not asked for again', async () => {
  expect(await observe({ 'supervisor.json': supervisor })).toMatchObject({ type: 'run-lost', nonRetryable: true, message: expect.stringContaining('4 times') as string });
});

test('A run whose supervisor could not be started is asked for again', async () => {
  expect(await observe({})).toMatchObject({ type: 'run-lost', nonRetryable: false });
});
