import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runPlaybook } from '../../../activities/ansible/run-playbook.ts';
import type { RunProgress } from '../../../contract/run.ts';
import { filesWith, until, Workspace } from './workspace.ts';

let space: Workspace;
beforeEach(async () => void (space = await Workspace.make()));
afterEach(() => space.remove());

describe('an outcome', () => {
  test('tells each host, its data and its failure, and the events nothing that is censored', async () => {
    const request = await space.request(`
- name: Ensure the first thing
  ansible.builtin.command: "true"
- name: Ensure a hidden thing
  ansible.builtin.command: echo not-for-your-eyes
  no_log: true
- name: Ensure that b is refused
  ansible.builtin.fail:
    msg: "b may not"
  when: inventory_hostname == 'b'
- name: Ensure that a failure of c is mended
  when: inventory_hostname == 'c'
  block:
    - name: Ensure that c fails
      ansible.builtin.fail:
  rescue:
    - name: Ensure that c is mended
      ansible.builtin.command: "true"
`, ['a', 'b', 'c', 'gone']);
    const seen: RunProgress[] = [];
    const inventory = () => `${request.inventory(1).replace(/ {4}gone.*\n/, '')}    gone: {ansible_host: 127.0.0.1, ansible_port: 1}\n`;
    const outcome = await runPlaybook(space.settings, { ...request, inventory }, { onProgress: (progress) => seen.push(progress) });
    expect(outcome.hosts).toEqual({
      a: { status: 'ok' },
      b: { status: 'failed', failure: 'task-failed', task: 'Ensure that b is refused', message: expect.stringContaining('b may not') as string },
      c: { status: 'ok' },
      gone: { status: 'failed', failure: 'host-unreachable', task: 'Ensure the first thing', message: expect.stringContaining('Connection refused') as string },
    });
    expect(outcome.changed).toBe(7);
    expect(outcome.taskSeconds).toBeGreaterThan(0);
    expect(outcome.seconds).toBeGreaterThan(outcome.taskSeconds);
    expect(seen.at(-1)).toMatchObject({ done: ['a', 'c'], failed: ['b', 'gone'] });
    expect(filesWith(space.runFolder(request), 'not-for-your-eyes')).not.toContain('events');
    expect(await runPlaybook(space.settings, { ...request, playbook: '/nowhere.yml' })).toEqual(outcome);
  });

  test('leaves out hosts that a broken batch kept the run from, and keeps those that were through', async () => {
    const outcome = await runPlaybook(space.settings, await space.request(`
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - name: Ensure that b fails
      ansible.builtin.command: "test {{ inventory_hostname }} != b"
`, ['a', 'b', 'c']));
    expect(outcome.hosts).toMatchObject({ a: { status: 'ok' }, b: { status: 'failed' }, c: { status: 'not-reached' } });
  });

  test('does not take a host for done that a run said nothing of, unless it is a user\'s playbook that ran', async () => {
    const request = await space.request('- hosts: a\n  gather_facts: false\n  tasks:\n    - name: Ensure the thing\n      ansible.builtin.command: "true"\n', ['a', 'b']);
    await expect(runPlaybook(space.settings, request)).rejects.toMatchObject({ type: 'run-lost', message: expect.stringContaining('tells nothing of b') as string });
    expect((await runPlaybook(space.settings, { ...request, runsUsers: true })).hosts).toEqual({ a: { status: 'ok' }, b: { status: 'not-reached' } });
  });

  test('holds what modules return under `musher`, and the class that they say', async () => {
    const module = `#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
m = AnsibleModule(argument_spec={'n': {'type': 'int'}, 'size': {'type': 'int', 'default': 0}}, supports_check_mode=True)
n = m.params['n']
m.exit_json(musher={'k%d' % n: {'value': n}, 'check': m.check_mode, 'filler': 'x' * m.params['size']}) if n else m.fail_json(msg='why', musher_failure='balancer-refused')
`;
    const { mkdirSync, writeFileSync } = await import('node:fs');
    mkdirSync(join(space.folder, 'library'));
    writeFileSync(join(space.folder, 'library/tell.py'), module);
    const outcome = await runPlaybook(space.settings, await space.request(`
- {name: One, tell: {n: 1}}
- {name: Two, tell: {n: 2}}
- {name: Zero, tell: {n: 0}, when: inventory_hostname == 'b'}
- {name: Large, tell: {n: 3, size: 1100000}, when: inventory_hostname == 'c'}
`, ['a', 'b', 'c'], { check: true }));
    expect(outcome.data['a']).toEqual({ k1: { value: 1 }, k2: { value: 2 }, check: true, filler: '' });
    expect(outcome.hosts).toMatchObject({
      a: { status: 'ok' }, b: { failure: 'balancer-refused', message: 'why' }, c: { failure: 'task-failed', task: 'Large' },
    });
  });
});

describe('a failure of the whole run', () => {
  test.each([
    ['a playbook that is none', '- hosts: all\n  tasks: {{{', 'all: {hosts: {a: }}'],
    ['an inventory that is none', '- hosts: all\n  tasks: []', 'all: ['],
  ])('names %s', async (_, playbook, inventory) => {
    const request = await space.request(playbook, ['a'], { inventory: () => inventory });
    await expect(runPlaybook(space.settings, request)).rejects.toMatchObject({ type: 'playbook-invalid', message: expect.stringMatching(/ERROR/) as string });
  });

  test('says that time ran out, and leaves no process', async () => {
    const request = await space.request('- name: Wait\n  ansible.builtin.command: sleep 600', ['a'], { timeoutSeconds: 3 });
    await expect(runPlaybook(space.settings, request)).rejects.toMatchObject({ type: 'timed-out', message: expect.stringContaining('longer than 3 s') as string });
    await until(() => space.processes().length === 0);
  });

  test('says that it was stopped, and leaves no process', async () => {
    const stop = new AbortController();
    const request = await space.request('- name: Wait\n  ansible.builtin.shell: "setsid sleep 600 & sleep 601"', ['a']);
    const run = runPlaybook(space.settings, request, { stop: stop.signal, onProgress: ({ task }) => { if (task === 'Wait') setTimeout(() => stop.abort(), 700); } });
    await expect(run).rejects.toMatchObject({ type: 'cancelled' });
    await until(() => space.processes().length === 0);
    await expect(runPlaybook(space.settings, request)).rejects.toMatchObject({ type: 'cancelled' });
  });

  test('needs no start when it is stopped before', async () => {
    const request = await space.request('- ansible.builtin.command: "true"', ['a']);
    await expect(runPlaybook(space.settings, request, { stop: AbortSignal.abort() })).rejects.toMatchObject({ type: 'cancelled' });
    expect(existsSync(join(space.runFolder(request), 'ansible.log'))).toBe(false);
  });
});

test('a worker that goes away leaves the run to the next', async () => {
  const request = await space.request('- name: Wait\n  ansible.builtin.shell: "echo once >> {{ folder }}/count; sleep 1"', ['a']);
  const detach = new AbortController();
  await expect(runPlaybook(space.settings, request, { detach: detach.signal, onProgress: ({ task }) => { if (task) detach.abort(); } })).rejects.toThrow('goes on');
  expect((await runPlaybook(space.settings, request)).hosts).toEqual({ a: { status: 'ok' } });
  expect(readFileSync(join(space.folder, 'count'), 'utf8')).toBe('once\n');
});

test('a secret is in no file after the run, in no argument list or environment during it, and in no message', async () => {
  const [word, key] = ['s3cret "wörd"\\', '-----BEGIN KEY-----\nMIIEvAIBADANBgkqh\nkiG9w0BAQEFAASCBKY\n'];
  const request = await space.request(`
- name: Ensure that the files are readable
  ansible.builtin.shell:
    cmd: 'cat "{{ musher_secret_files.key }}"; stat -c %a "{{ musher_secret_files.key }}"; cat - >&2; touch {{ folder }}/there; sleep 1; false'
    stdin: "{{ word }}"
`, ['a'], { variables: `folder: ${space.folder}\nword: !unsafe ${JSON.stringify(word)}\n`, secrets: [word], secretFiles: { key } });
  const run = runPlaybook(space.settings, request);
  await until(() => existsSync(join(space.folder, 'there')));
  expect(execFileSync('ps', ['axww', '-o', 'args'], { encoding: 'utf8' })).not.toContain('s3cret');
  const supervisor = JSON.parse(readFileSync(join(space.runFolder(request), 'supervisor.json'), 'utf8')) as { pid: number };
  expect(readFileSync(`/proc/${supervisor.pid}/environ`, 'utf8')).not.toContain('s3cret');
  expect(statSync(join(space.runFolder(request), 'private/0')).mode & 0o777).toBe(0o600);

  const { hosts } = await run;
  expect(JSON.stringify(hosts)).toContain('********');
  for (const part of ['s3cret', 'MIIEvAIBADANBgkqh', 'kiG9w0BAQEFAASCBKY']) {
    expect(JSON.stringify(hosts)).not.toContain(part);
    expect(filesWith(space.runFolder(request), part)).toBe('');
  }
  expect(readFileSync(join(space.runFolder(request), 'ansible.log'), 'utf8')).toContain('600');
});

test('a run is private, whatever the workflow is called', async () => {
  const request = await space.request('- ansible.builtin.command: "true"', ['a'], { key: { workflowId: '../../$(x)\n/ü', runId: 'r', activityId: '..' } });
  await runPlaybook(space.settings, request);
  const [name, ...others] = await readdir(space.settings.runsFolder);
  expect([name, others]).toEqual([expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.-]+$/), []]);
  const folder = space.runFolder(request);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of await readdir(folder)) expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
});
