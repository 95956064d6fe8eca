import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runPlaybook } from '../../../activities/ansible/run-playbook.ts';
import { until, Workspace } from './workspace.ts';

let space: Workspace;
beforeEach(async () => void (space = await Workspace.make()));
afterEach(() => space.remove());

const python = (body: string): string => `#!/usr/bin/env python3\nimport json, os, signal, sys, time\n${body}\n`;
const RECAP = `
def event(**fields):
    with open(os.environ['MUSHER_EVENTS'], 'a') as file: file.write(json.dumps(fields) + '\\n')
event(event='start', time=1); event(event='host_done', host='a', time=2); event(event='recap', hosts={}, time=2)`;

test('ends processes that ignore SIGTERM, in sessions of their own, that fork on', async () => {
  const settings = await space.inPlaceOfAnsible(python(`
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for depth in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
open(${JSON.stringify(space.folder)} + '/%d' % os.getpid(), 'w').close()
open(${JSON.stringify(space.folder)} + '/ready', 'w').close()
while True:
    if os.fork() == 0: time.sleep(0.5); os._exit(0)
    try: time.sleep(0.1); os.waitpid(-1, os.WNOHANG)
    except OSError: pass`));
  const stop = new AbortController();
  const request = await space.request('', ['a']);
  const run = runPlaybook(settings, request, { stop: stop.signal });
  await until(() => existsSync(join(space.folder, 'ready')) && space.processes().length > 8);
  stop.abort();
  await expect(run).rejects.toMatchObject({ type: 'cancelled' });
  await until(() => space.processes().length === 0);
});

test('ends what outlives ansible-playbook, and does not wait for those who hold its output', async () => {
  const settings = await space.inPlaceOfAnsible(python(`${RECAP}
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
print('done')`));
  const request = await space.request('', ['a']);
  expect((await runPlaybook(settings, request)).hosts).toEqual({ a: { status: 'ok' } });
  expect(readFileSync(join(space.runFolder(request), 'ansible.log'), 'utf8')).toBe('done\n');
  await until(() => space.processes().length === 0);
});

test('keeps head and tail of 100 MB of binary output without a newline, masked across chunks', async () => {
  const secret = createHash('sha256').update('x').digest('hex');
  const settings = await space.inPlaceOfAnsible(python(`${RECAP}
block = bytes(byte for byte in range(256) if byte != 10) * 4112 + b'${secret}'
os.write(1, b'HEAD')
for _ in range(100):
    view = memoryview(block)
    while view: view = view[os.write(1, view[:65521]):]
os.write(1, b'TAIL')`));
  const request = await space.request('', ['a'], { secrets: [secret] });
  await runPlaybook(settings, request);
  const log = readFileSync(join(space.runFolder(request), 'ansible.log'));
  expect(log.length).toBeGreaterThan(5 << 20);
  expect(log.length).toBeLessThan(9 << 20);
  expect(log.subarray(0, 4).toString()).toBe('HEAD');
  expect(log.subarray(-4).toString()).toBe('TAIL');
  expect(log.includes(' bytes left out ')).toBe(true);
  expect(log.includes('********')).toBe(true);
  expect(log.includes(secret.slice(0, 16))).toBe(false);
  expect(log.includes(secret.slice(-16))).toBe(false);
});

test('takes a secret out that comes byte by byte, and one that overlaps another', async () => {
  const settings = await space.inPlaceOfAnsible(python(`${RECAP}
for byte in b'<passphrase><phrase-two><passphrase-two><pass':
    os.write(1, bytes([byte])); time.sleep(0.002)`));
  const request = await space.request('', ['a'], { secrets: ['passphrase', 'phrase-two'] });
  await runPlaybook(settings, request);
  expect(readFileSync(join(space.runFolder(request), 'ansible.log'), 'utf8')).toBe('<********><********><********><pass');
});

test('passes a clean environment on', async () => {
  process.env['ANSIBLE_HOST_KEY_CHECKING'] = 'false';
  process.env['SOME_TOKEN'] = 'from-the-worker';
  try {
    const settings = await space.inPlaceOfAnsible(python(`${RECAP}\nprint(json.dumps({**os.environ, 'secrets': open(int(os.environ['MUSHER_SECRETS_FD'])).read()}))`));
    const request = await space.request('', ['a'], { secrets: [] });
    await runPlaybook(settings, request);
    const told = JSON.parse(readFileSync(join(space.runFolder(request), 'ansible.log'), 'utf8')) as Record<string, unknown>;
    expect(told).toMatchObject({ HOME: process.env['HOME'], ANSIBLE_HOST_KEY_CHECKING: 'true' });
    expect(told['ANSIBLE_SSH_ARGS']).toContain(`UserKnownHostsFile="${settings.knownHosts}"`);
    expect(told).not.toHaveProperty('SOME_TOKEN');
  } finally {
    delete process.env['ANSIBLE_HOST_KEY_CHECKING'];
    delete process.env['SOME_TOKEN'];
  }
});

test('says why it could not start, and a control folder that is too long is refused', async () => {
  const settings = await space.inPlaceOfAnsible('#!/nowhere/interpreter\n');
  const request = await space.request('', ['a']);
  await expect(runPlaybook(settings, request)).rejects.toMatchObject({ type: 'run-lost', message: expect.stringContaining('No such file') as string });
  expect(statSync(space.runFolder(request)).isDirectory()).toBe(true);
  await expect(runPlaybook({ ...settings, sshControlFolder: `/tmp/${'x'.repeat(70)}` }, { ...request, key: { ...request.key, runId: 'r2' } })).rejects.toThrow('too long');
});

test('a worker that cannot record what happens says so', async () => {
  const settings = await space.inPlaceOfAnsible('#!/bin/sh\necho "[ERROR]: musher: events cannot be written: [Errno 28] No space left on device"\nexit 74\n');
  await expect(runPlaybook(settings, await space.request('', ['a']))).rejects.toMatchObject({ type: 'disk-full', message: expect.stringContaining('events cannot be written') as string });
});

test('hears of the end of a program that ends at once, each time', async () => {
  const settings = await space.inPlaceOfAnsible('#!/bin/true\n');
  const requests = await Promise.all(Array.from({ length: 30 }, (_, n) => space.request('', ['a'], { key: { workflowId: 'w', runId: 'r', activityId: String(n) } })));
  for (const request of requests) await expect(runPlaybook(settings, request)).rejects.toMatchObject({ type: 'run-lost' });
});
