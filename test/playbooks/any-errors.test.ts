import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What deploy-switch.yml rests on: with an unreachable host Ansible ends a run only where a play says both of these.

const ROOT = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'any-errors-'));
  const hosts = { lb1: { ansible_connection: 'local' }, web1: { ansible_host: '127.0.0.1', ansible_port: 9 }, web2: { ansible_connection: 'local' } };
  const group = (...names: (keyof typeof hosts)[]) => ({ hosts: Object.fromEntries(names.map((name) => [name, hosts[name]])) });
  await writeFile(join(folder, 'inventory.yml'), JSON.stringify({ all: { children: { balancers: group('lb1'), one: group('web1'), two: group('web1', 'web2') } } }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['one', 'two'])('Nobody is put back into service when a member of a batch of %s did not answer', async (members) => {
  const ping = [{ name: 'Reach it', 'ansible.builtin.command': 'true' }];
  const plays = [
    { name: 'Switch the members', hosts: members, gather_facts: false, any_errors_fatal: true, max_fail_percentage: 0, tasks: ping },
    { name: 'Put the members back into service', hosts: 'balancers', gather_facts: false, tasks: ping },
  ];
  await writeFile(join(folder, 'playbook.yml'), JSON.stringify(plays));
  const { stdout, exitCode } = await execa(join(ROOT, '.venv/bin/ansible-playbook'), ['-i', join(folder, 'inventory.yml'), join(folder, 'playbook.yml')], { reject: false });
  expect(exitCode).not.toBe(0);
  expect(stdout).toContain('UNREACHABLE');
  expect(stdout).not.toContain('Put the members back into service');
});
