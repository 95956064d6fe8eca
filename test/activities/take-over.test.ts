import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { play, type Play } from '../../activities/play.ts';
import type { RunSettings } from '../../activities/ansible/run-request.ts';
import type { RunOutcome } from '../../contract/run.ts';
import type { Stage } from '../../contract/stage.ts';
import type { Server } from '../../spec/spec.ts';
import { until, Workspace } from './ansible/workspace.ts';

let space: Workspace;
let settings: RunSettings;
beforeEach(async () => {
  space = await Workspace.make();
  settings = { ...(await space.inPlaceOfAnsible(ANSIBLE.replaceAll('FOLDER', space.folder))), workerId: 'this worker' };
  writeFileSync(join(space.folder, 'refused'), '');
});
afterEach(() => space.remove());

/** Writes down which playbook it ran with which token. A host refuses those of `refused`; while there is a file `wait`, a step's run goes on. */
const ANSIBLE = `#!/usr/bin/python3
import json, os, re, sys, time
playbook = os.path.basename(sys.argv[-1])
token = re.search(r'musher_token: "?([0-9.]+)', open(sys.argv[2]).read()).group(1)
open('FOLDER/log', 'a').write('%s %s\\n' % (playbook, token))
events = open(os.environ['MUSHER_EVENTS'], 'a', 1)
event = lambda **fields: events.write(json.dumps(fields) + '\\n')
event(event='start', time=1)
while playbook != 'seal.yml' and os.path.exists('FOLDER/wait'): time.sleep(0.05)
if token in open('FOLDER/refused').read().split():
    event(event='host_result', time=2, host='web1', id='1', task='Work', status='failed', message='musher: fenced: shop/live has been taken over')
    event(event='recap', time=2, hosts={'web1': {'failures': 1}})
    sys.exit(2)
event(event='host_done', time=2, host='web1')
event(event='recap', time=2, hosts={})
`;

const SERVER: Server = { name: 'web1', address: '192.0.2.1', port: 22, user: 'deploy', become: true, python: '/usr/bin/python3' };

/** One attempt of a step's activity. @param heard by which worker the step was last heard of. */
function attempt(number: number, heard?: string, more: Pick<Stage, 'sealFirst'> = {}): { outcome: Promise<RunOutcome>; heartbeats: unknown[] } {
  const environment = new MockActivityEnvironment({ attempt: number, activityId: '5', ...(heard !== undefined && { heartbeatDetails: { task: '', done: [], failed: [], worker: heard } }) }, { logger: new DefaultLogger('ERROR') });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (detail: unknown) => heartbeats.push(detail));
  const stage = { scope: 'shop/live', epoch: 3, step: 4, holder: environment.context.info.workflowExecution!.runId, ...more };
  const step: Play = { playbook: 'work.yml', hosts: { members: ['web1'] }, servers: { web1: SERVER }, variables: {}, stage, timeoutSeconds: 60 };
  const work = () => play(settings, step);
  return { outcome: environment.run<[], RunOutcome, typeof work>(work), heartbeats };
}

const log = (): string[] => (existsSync(join(space.folder, 'log')) ? readFileSync(join(space.folder, 'log'), 'utf8').trim().split('\n') : []);
const refuse = (...tokens: string[]): void => appendFileSync(join(space.folder, 'refused'), `${tokens.join('\n')}\n`);
const DONE = { web1: { status: 'ok' } };

test('A step that this worker was last heard at is taken up, and its run not started again', async () => {
  const first = attempt(1);
  expect((await first.outcome).hosts).toEqual(DONE);
  expect(first.heartbeats[0]).toMatchObject({ worker: 'this worker' });
  expect((await attempt(2, 'this worker').outcome).hosts).toEqual(DONE);
  expect(log()).toEqual(['work.yml 3.4.11']);
});

test('A step that another worker was at is begun anew by this one, which seals the hosts first', async () => {
  expect((await attempt(2, 'another').outcome).hosts).toEqual(DONE);
  expect(log()).toEqual(['seal.yml 3.4.21', 'work.yml 3.4.21']);
});

test('One that comes back to this worker after another one has been at it is not taken up where this one left it, neither a run that ended nor one that goes on', async () => {
  await attempt(1).outcome;
  writeFileSync(join(space.folder, 'wait'), '');
  const third = attempt(3, 'another');
  await until(() => log().length === 3);
  // As if this worker had been cut off then, and another one again.
  const fifth = attempt(5, 'another');
  await expect(third.outcome).rejects.toMatchObject({ type: 'cancelled' });
  await until(() => log().length === 5);
  rmSync(join(space.folder, 'wait'));
  expect((await fifth.outcome).hosts).toEqual(DONE);
  expect(log()).toEqual(['work.yml 3.4.11', 'seal.yml 3.4.31', 'work.yml 3.4.31', 'seal.yml 3.4.51', 'work.yml 3.4.51']);
  // And that one is.
  expect((await attempt(6, 'this worker').outcome).hosts).toEqual(DONE);
  expect(log()).toHaveLength(5);
});

test('One whose run was refused by its hosts meanwhile, by whomever that was, is begun anew with a newer token', async () => {
  refuse('3.4.11');
  expect((await attempt(1).outcome).hosts).toMatchObject({ web1: { failure: 'fenced' } });
  expect((await attempt(2, 'this worker').outcome).hosts).toEqual(DONE);
  expect(log()).toEqual(['work.yml 3.4.11', 'seal.yml 3.4.21', 'work.yml 3.4.21']);
});

test('One that comes too late is told so by the hosts, and does nothing', async () => {
  refuse('3.4.21');
  expect((await attempt(2, 'another').outcome).hosts).toMatchObject({ web1: { status: 'failed', failure: 'fenced' } });
  expect(log()).toEqual(['seal.yml 3.4.21']);
});

test('One that could not be sealed is said to be that, and what is asked for in its place seals the hosts first in its first attempt, too', async () => {
  refuse('3.4.21');
  expect(await attempt(2, 'another').outcome).toMatchObject({ unsealed: true });
  rmSync(join(space.folder, 'log'));
  expect((await attempt(1, undefined, { sealFirst: true }).outcome).hosts).toEqual(DONE);
  expect(log()).toEqual(['seal.yml 3.4.11', 'work.yml 3.4.11']);
  // Begun then, and taken up by this worker as ever.
  expect((await attempt(2, 'this worker', { sealFirst: true }).outcome).hosts).toEqual(DONE);
  expect(log()).toHaveLength(2);
});
