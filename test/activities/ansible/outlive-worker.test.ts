import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readSupervisor } from '../../../activities/ansible/run-folder.ts';
import { runPlaybook } from '../../../activities/ansible/run-playbook.ts';
import { until, Workspace } from './workspace.ts';

let space: Workspace;
beforeEach(async () => void (space = await Workspace.make()));
afterEach(async () => {
  vi.unstubAllEnvs();
  await space.remove();
});

const count = (): string[] => readFileSync(join(space.folder, 'count'), 'utf8').trim().split('\n').sort();

test('a run outlives a worker that is killed; the next one takes it up', async () => {
  const request = await space.request('- name: Wait\n  ansible.builtin.shell: "echo {{ inventory_hostname }} >> {{ folder }}/count; sleep 2"', ['a', 'b']);
  const worker = space.startWorker(request);
  await until(() => existsSync(join(space.folder, 'count')) && count().length === 2);
  worker.nodeChildProcess.kill('SIGKILL');
  expect((await worker).signal).toBe('SIGKILL');
  expect((await runPlaybook(space.settings, request)).hosts).toEqual({ a: { status: 'ok' }, b: { status: 'ok' } });
  expect(count()).toEqual(['a', 'b']);
});

test('workers that ask at once share one run', async () => {
  const request = await space.request('- ansible.builtin.shell: "echo {{ inventory_hostname }} >> {{ folder }}/count; sleep 1"', ['a']);
  const other = space.startWorker(request);
  const outcomes = await Promise.all([runPlaybook(space.settings, request), runPlaybook(space.settings, request), other.then(({ stdout }) => JSON.parse(stdout) as unknown)]);
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
  expect(count()).toEqual(['a']);
});

const SERIAL = `
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - name: Work
      ansible.builtin.shell: "echo {{ inventory_hostname }} >> {{ folder }}/count; test {{ inventory_hostname }} = a -o -e {{ folder }}/go || sleep 600"
`;

test.each(['supervisor', 'ansible-playbook'])('a run whose %s is killed is run again only on hosts that had not finished', async (victim) => {
  const request = await space.request(SERIAL, ['a', 'b', 'c']);
  const starts: number[] = [];
  vi.stubEnv('HOME', space.folder);
  const run = runPlaybook(space.settings, { ...request, inventory: (start) => (starts.push(start), request.inventory(start)) });
  await until(() => existsSync(join(space.folder, 'count')) && count().length === 2);
  const { pid } = (await readSupervisor(space.runFolder(request)))!;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  process.kill(victim === 'supervisor' ? pid : Number(children[0]), 'SIGKILL');
  writeFileSync(join(space.folder, 'go'), '');
  const outcome = await run;
  expect(outcome.hosts).toEqual({ a: { status: 'ok' }, b: { status: 'ok' }, c: { status: 'ok' } });
  expect(outcome.changed).toBe(3);
  expect(count()).toEqual(['a', 'b', 'b', 'c']);
  expect(starts).toEqual([1, 2]);
  expect(readdirSync(join(space.folder, '.ansible/tmp')).filter((name) => name.startsWith('ansible-local'))).toEqual([]);
  await until(() => space.processes().length === 0);
});

test('a host that finished while others worked is not run on again', async () => {
  const request = await space.request('- name: Work\n  ansible.builtin.shell: "echo {{ inventory_hostname }} >> {{ folder }}/count; test {{ inventory_hostname }} = a -o -e {{ folder }}/go || sleep 600"', ['a', 'b']);
  let finished: readonly string[] = [];
  const run = runPlaybook(space.settings, request, { onProgress: ({ done }) => void (finished = done) });
  await until(() => finished.length === 1 && count().length === 2);
  process.kill((await readSupervisor(space.runFolder(request)))!.pid, 'SIGKILL');
  writeFileSync(join(space.folder, 'go'), '');
  expect((await run).hosts).toEqual({ a: { status: 'ok' }, b: { status: 'ok' } });
  expect(count()).toEqual(['a', 'b', 'b']);
});
