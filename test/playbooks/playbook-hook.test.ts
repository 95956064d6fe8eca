import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderVariables } from '../../activities/inventory/render-variables.ts';
import { PrivateHost } from './private-host.ts';
import { runModule } from './run-module.ts';

const PLAYBOOKS = join(import.meta.dirname, '../../playbooks');
let host: PrivateHost;
let folder: string;
let playbook: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'musher-playbook-'));
  playbook = join(folder, 'hooks of a shop', 'update {{ x }}.yml');
  mkdirSync(join(folder, 'hooks of a shop', 'group_vars'), { recursive: true });
  writeFileSync(join(folder, 'hooks of a shop', 'group_vars', 'once.yml'), `place: ${folder}\n`);
  writeFileSync(playbook, '- hosts: once\n  gather_facts: false\n  tasks:\n    - ansible.builtin.shell: echo {{ musher_environment.name }} >>{{ place }}/lines\n');
  const local = { ansible_connection: 'local', ansible_become: false, ansible_python_interpreter: '/usr/bin/python3' };
  writeFileSync(join(folder, 'inventory.yml'), JSON.stringify({ all: { children: { members: { hosts: { web1: local, web2: local } }, once: { hosts: { web1: {} } } } } }));
  host = await PrivateHost.start();
}, 60_000);
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});

const environment = { project: 'shop', name: 'live', slug: 'shop--live', path: '/nonexistent', user: 'nobody' };
const hooksOf = (id: string) => ({ id, hooks: [{ playbook }, { playbook: '/srv/second.yml' }], environment });
const through = (id: string, more: object = {}) => runModule('musher_hook', { ...hooksOf(id), release: 'r1', ...more }, {}, host);
const begin = (id: string, number: number, decided = 0) => runModule('musher_hook', { ...hooksOf(id), state: 'begun', hook: { number, decided } }, {}, host);
const due = (number: number, decided = 0) => ({ musher: { due: { number, decided } } });

test('A member comes to each playbook, and goes on when it ended well', async () => {
  expect(await through('a')).toMatchObject(due(0));
  expect(await through('a')).toMatchObject(due(0));
  expect(await begin('a', 0)).toMatchObject({ changed: true, musher: { begun: true } });
  expect(await through('a', { ended: { number: 0, decided: 0 } })).toMatchObject(due(1));
  expect(await through('a')).toMatchObject(due(1));
  await begin('a', 1);
  const done = await through('a', { ended: { number: 1, decided: 0 } });
  expect(done.failed).toBeUndefined();
  expect(done['musher']).toBeUndefined();
});

test('One that has begun is not begun again, whatever came of it', async () => {
  await begin('b', 0);
  expect(await begin('b', 0)).toMatchObject({ failed: true, musher_failure: 'hook-outcome-unknown' });
  expect(await through('b')).toMatchObject({ failed: true, musher_failure: 'hook-outcome-unknown', msg: expect.stringContaining(`${playbook} was begun and was cut off`) as string });
  await through('b', { ended: { number: 0, decided: 0 } });
  expect(await begin('b', 0)).toMatchObject({ failed: true, musher_failure: 'task-failed' });
});

test('One that failed stays so, until a person says otherwise', async () => {
  await begin('c', 0);
  expect(await through('c', { ended: { number: 0, decided: 0, failure: 'It broke' } })).toMatchObject({ musher_failure: 'hook-failed', msg: 'It broke' });
  expect(await through('c', { ended: { number: 0, decided: 0 } })).toMatchObject({ musher_failure: 'hook-failed', msg: 'It broke' });
  expect(await through('c', { decisions: ['again'] })).toMatchObject(due(0, 1));
  expect(await through('c', { decisions: ['done'] })).toMatchObject(due(1, 1));
});

test('Of one that was never begun nothing is put on record', async () => {
  expect(await through('d', { ended: { number: 0, decided: 0, failure: 'It took too long' } })).toMatchObject(due(0));
});

test('The playbook is run by ours once, where it is and as its path is, and not again', async () => {
  const variables = { musher_environment: environment, musher_hooks: hooksOf('e'), musher_hook: { number: 0, decided: 0 }, musher_playbook: playbook };
  writeFileSync(join(folder, 'variables.yml'), renderVariables(variables));
  const play = () =>
    host.run(['ansible-playbook', '-i', join(folder, 'inventory.yml'), '-e', `@${join(folder, 'variables.yml')}`, 'deploy-once-playbook.yml'], {
      cwd: PLAYBOOKS,
      env: { ANSIBLE_LOCAL_TEMP: join(folder, 'ansible'), ANSIBLE_REMOTE_TEMP: join(folder, 'remote'), ANSIBLE_NOCOLOR: '1', ANSIBLE_BECOME_ASK_PASS: 'false' },
    });
  const first = await play();
  expect(first.exitCode, `${first.stdout}\n${first.stderr}`).toBe(0);
  expect(readFileSync(join(folder, 'lines'), 'utf8')).toBe('live\n');
  const second = await play();
  expect(second.exitCode).not.toBe(0);
  expect(second.stdout + second.stderr).toContain('hook-outcome-unknown');
  expect(readFileSync(join(folder, 'lines'), 'utf8')).toBe('live\n');
});

test('One that Ansible cannot read has not begun', async () => {
  const variables = { musher_environment: environment, musher_hooks: hooksOf('f'), musher_hook: { number: 0, decided: 0 }, musher_playbook: join(folder, 'none.yml') };
  writeFileSync(join(folder, 'variables.yml'), renderVariables(variables));
  const { exitCode } = await host.run(['ansible-playbook', '-i', join(folder, 'inventory.yml'), '-e', `@${join(folder, 'variables.yml')}`, 'deploy-once-playbook.yml'], { cwd: PLAYBOOKS, env: { ANSIBLE_LOCAL_TEMP: join(folder, 'ansible') } });
  expect(exitCode).not.toBe(0);
  expect(await through('f')).toMatchObject(due(0));
  expect(existsSync(join(folder, 'none.yml'))).toBe(false);
});
