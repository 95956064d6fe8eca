import { existsSync, readdirSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruneRuns } from '../../../activities/ansible/prune-runs.ts';
import { reapRuns } from '../../../activities/ansible/reap-runs.ts';
import { isKept, readExit, readSupervisor, runFolder } from '../../../activities/ansible/run-folder.ts';
import { runPlaybook } from '../../../activities/ansible/run-playbook.ts';
import { endRuns } from '../../../lab/demo/end-runs.ts';
import { filesWith, until, Workspace } from './workspace.ts';

let space: Workspace;
beforeEach(async () => void (space = await Workspace.make()));
afterEach(() => space.remove());

const key = (activityId: string) => ({ workflowId: 'w', runId: 'r', activityId });
const SLEEP = '#!/bin/sh\ntouch "$MUSHER_RUN/started"\nsleep 600\n';

test('reaping ends runs of closed workflows and leaves the others', async () => {
  const settings = await space.inPlaceOfAnsible(SLEEP);
  const requests = await Promise.all(['open', 'closed'].map((id) => space.request('', ['a'], { key: key(id) })));
  const detach = new AbortController();
  const runs = Promise.allSettled(requests.map((request) => runPlaybook(settings, request, { detach: detach.signal })));
  const [open, closed] = requests.map((request) => space.runFolder(request)) as [string, string];
  await until(() => [open, closed].every((folder) => existsSync(join(folder, 'started'))));
  detach.abort();
  await runs;
  expect(await reapRuns(settings, async ({ activityId }) => activityId === 'open')).toMatchObject([key('closed')]);
  expect([await readExit(closed), await readExit(open)]).toMatchObject([{ reason: 'stopped' }, undefined]);
  expect(await reapRuns(settings, async () => false)).toMatchObject([key('open')]);
  await until(() => space.processes().length === 0);
});

test("the demo's end ends the runs that go on without a worker, and those that died, whoever they were for", async () => {
  const settings = await space.inPlaceOfAnsible(SLEEP);
  const requests = await Promise.all(['left', 'died'].map((id) => space.request('', ['a'], { key: key(id) })));
  const detach = new AbortController();
  const runs = Promise.allSettled(requests.map((request) => runPlaybook(settings, request, { detach: detach.signal })));
  const [left, died] = requests.map((request) => space.runFolder(request)) as [string, string];
  await until(() => [left, died].every((folder) => existsSync(join(folder, 'started'))));
  detach.abort();
  await runs;
  process.kill((await readSupervisor(died))!.pid, 'SIGKILL');
  await until(async () => !(await isKept(died)));
  expect(await endRuns(space.folder, settings.python)).toBe(2);
  for (const folder of [left, died]) expect(await readExit(folder)).toMatchObject({ reason: 'stopped' });
  await until(() => space.processes().length === 0);
  expect(await endRuns(space.folder, settings.python)).toBe(0);
});

test('reaping leaves the runs of another Temporal server alone, and those of which nobody knows whose they are', async () => {
  const settings = await space.inPlaceOfAnsible(SLEEP);
  const owners = { other: 'n2', unknown: undefined };
  const detach = new AbortController();
  const runs = Object.entries(owners).map(async ([id, namespaceId]) => {
    const request = await space.request('', ['a'], { key: key(id) });
    return { folder: space.runFolder(request), waiting: runPlaybook({ ...settings, namespaceId: namespaceId! }, request, { detach: detach.signal }).catch(() => undefined) };
  });
  const started = await Promise.all(runs);
  await until(() => started.every(({ folder }) => existsSync(join(folder, 'started'))));
  expect(await reapRuns(settings, async () => false)).toEqual([]);
  for (const { folder } of started) expect(existsSync(join(folder, 'stop'))).toBe(false);
  detach.abort();
  await Promise.all(started.map(({ waiting }) => waiting));
});

test('reaping clears up after a run that died, and leaves it to be taken up', async () => {
  const settings = await space.inPlaceOfAnsible(SLEEP.replace('sleep', 'setsid sleep'));
  const request = await space.request('', ['a'], { key: key('died'), secrets: ['very-secret'], variables: 'word: very-secret', afterLoss: 'nothing' });
  const run = runPlaybook(settings, request).catch((error: unknown) => error);
  await until(() => existsSync(join(space.runFolder(request), 'started')));
  expect(filesWith(space.settings.runsFolder, 'very-secret')).not.toBe('');
  process.kill((await readSupervisor(space.runFolder(request)))!.pid, 'SIGKILL');
  expect(await run).toMatchObject({ type: 'run-lost' });
  expect(await reapRuns(settings, async () => true)).toEqual([]);
  expect(filesWith(space.settings.runsFolder, 'very-secret')).toBe('');
  await until(() => space.processes().length === 0);
  expect(await readExit(space.runFolder(request))).toBeUndefined();
  expect(await reapRuns(settings, async () => false)).toMatchObject([key('died')]);
  expect(await readExit(space.runFolder(request))).toMatchObject({ reason: 'stopped' });
});

test('pruning removes ended runs by age and number, and no other', async () => {
  const day = 86_400;
  const now = Math.floor(Date.now() / 1000);
  const make = async (name: string, days: number, files: Record<string, object>) => {
    const folder = runFolder(space.settings.runsFolder, key(name));
    await mkdir(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), JSON.stringify(content));
    await utimes(folder, now - days * day, now - days * day);
  };
  const exit = { 'exit.json': { generation: 1, reason: 'ended', code: 0, seconds: 1, diskFull: false } };
  for (const [name, days] of [['new', 0], ['newer', 1], ['third', 2], ['old', 20]] as const) await make(name, days, exit);
  await make('died-long-ago', 20, {});
  await make('died', 3, {});
  expect(await pruneRuns(space.settings, { maxAgeDays: 14, maxCount: 2 }, now * 1000)).toBe(3);
  expect(readdirSync(space.settings.runsFolder).map((name) => name.split('.')[1]).sort()).toEqual(['died', 'new', 'newer']);
});

test('pruning removes folders of SSH sockets that were empty for long; ssh may be about to use a newer one', async () => {
  const folder = (name: string) => join(space.settings.sshControlFolder, name);
  for (const name of ['old', 'new', 'used']) await mkdir(folder(name), { recursive: true });
  await writeFile(join(folder('used'), 'socket'), '');
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  for (const name of ['old', 'used']) await utimes(folder(name), longAgo, longAgo);
  await pruneRuns(space.settings, { maxAgeDays: 14, maxCount: 2 });
  expect(readdirSync(space.settings.sshControlFolder).sort()).toEqual(['new', 'used']);
});
