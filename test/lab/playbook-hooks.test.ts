import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Question } from '../../contract/decision.ts';
import type { SubjectStatus } from '../../cli/status/collect-status.ts';
import { Site } from './site.ts';
import { processes } from './traces.ts';

// One site, since provisioning takes a while: each test goes on from what the one before left it serving.

const LONG = 600_000;
const MARKS = '/var/aegir/projects/shop/live/shared/data/marks';
const FOLDER = 'hooks of the shop';
let site: Site;
let version = 0;

const ONCE = `
- name: Update the database
  hosts: once
  tasks:
    - name: Write a line of what is known here
      ansible.builtin.shell: echo "once {{ musher_project }} {{ musher_environment.name }} {{ musher_release.path | basename }} {{ ansible_hostname }}" >>${MARKS}
    - name: Take its time
      ansible.builtin.command: sleep {{ lookup('file', 'seconds') | int }}
    - name: Write a line at its end
      ansible.builtin.shell: echo "once ends" >>${MARKS}

- name: Tell everybody
  hosts: all
  gather_facts: false
  tasks:
    - name: Note it
      ansible.builtin.shell: echo {{ musher_release.id }} >>/var/tmp/told
`;

const EACH = `
- name: Clear the cache
  hosts: all
  gather_facts: false
  tasks:
    - name: Write a line of what is served
      ansible.builtin.shell: echo "each {{ inventory_hostname }} $(basename $(readlink {{ musher_environment.current }}))" >>${MARKS}
    - name: Fail where it is told to
      ansible.builtin.fail:
        msg: There is no cache
      when: inventory_hostname in lookup('file', 'fails')
`;

beforeAll(async () => {
  site = await Site.start({ name: 'playbook-hooks', members: ['web1', 'web2'] });
  await mkdir(join(site.folder, FOLDER));
  await writeFile(join(site.folder, FOLDER, 'once.yml'), ONCE);
  await writeFile(join(site.folder, FOLDER, 'each.yml'), EACH);
  await site.source({ version: String(++version) });
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
  const playbook = (name: string) => ({ playbook: `${FOLDER}/${name}.yml` });
  const mark = (text: string): string => `echo ${text} >>data/marks`;
  site.project = { hooks: { once: [mark('first'), playbook('once'), mark('last')], each: [mark('before'), playbook('each'), mark('after')] } };
}, LONG);
afterAll(() => site?.stop(), LONG);

beforeEach(async () => {
  await tell({ seconds: '0', fails: '' });
  for (const host of [...site.members, ...site.balancers]) await site.lab.root(host, ['sh', '-c', `rm -f ${MARKS} /var/tmp/told`]);
  await site.source({ version: String(++version) });
});

/** Files beside the playbooks, which they read. */
async function tell(files: Partial<Record<'seconds' | 'fails', string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(site.folder, FOLDER, name), text);
}

const linesOf = async (host: string, file = MARKS): Promise<string[]> => (await site.lab.root(host, ['sh', '-c', `cat ${file} 2>/dev/null || true`])).stdout.split('\n').filter(Boolean);

const onceLines = async (): Promise<string[]> => (await linesOf('web1')).filter((line) => line.startsWith('once'));

async function startDeploy(): Promise<void> {
  await site.writeSpec();
  const { exitCode, stderr } = await site.musher('deploy', 'shop/live', '--detach');
  expect(exitCode, stderr).toBe(0);
}

const untilPlaying = () => expect.poll(onceLines, { timeout: 120_000 }).toHaveLength(1);

/** Kills Ansible and its supervisor, all at once; the command lines of what it was. */
function killRun(): string {
  const marked = processes((environment) => environment.includes(`MUSHER_RUN=${site.home}/runs/`));
  const supervisors = processes(() => true).filter(({ command }) => command.includes(`${site.home}/runs/`));
  return [...supervisors, ...marked].map(({ pid, command }) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    return command;
  }).join('\n');
}

async function question(id = 1): Promise<Question> {
  let seen: SubjectStatus | undefined;
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
    seen = await site.glance();
    if (seen?.running?.question?.id === id) return seen.running.question;
  }
  throw new Error(`no question ${id} was asked: ${JSON.stringify(seen)}`);
}

test('Commands and playbooks run in their order: once for all servers, and on each member while it is out of service', async () => {
  const { release } = await site.succeed('deploy', 'shop/live');
  const ofEach = (member: string) => ['before', `each ${member} ${release!.id}`, 'after'];
  expect(await linesOf('web1')).toEqual(['first', `once shop live ${release!.id} web1`, 'once ends', 'last', ...ofEach('web1')]);
  expect(await linesOf('web2')).toEqual(ofEach('web2'));
  for (const host of ['web1', 'web2', 'lb1']) expect(await linesOf(host, '/var/tmp/told'), host).toEqual([release!.id]);
  expect((await site.musher('logs', 'shop/live')).stdout).toContain('Write a line of what is known here');
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('A playbook runs once though the worker is killed in the middle of it', async () => {
  await tell({ seconds: '10' });
  await startDeploy();
  await untilPlaying();
  await site.kill('worker');
  const { exitCode, result } = await site.follow('watch', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  expect(await onceLines()).toEqual([`once shop live ${result.release!.id} web1`, 'once ends']);
  expect(await linesOf('lb1', '/var/tmp/told')).toHaveLength(1);
}, LONG);

test('A playbook of each member that fails has the switch undone', async () => {
  const before = await site.servedReleases();
  await tell({ fails: 'web2' });
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode).toBe(1);
  expect(result).toMatchObject({ failure: { type: 'hook-failed' }, undone: ['switch batch 2 of 2', 'switch batch 1 of 2', 'once hooks', 'upload'], notUndone: [] });
  expect(result.failure!.hosts['web2']).toContain(`each.yml failed at the task "Fail where it is told to": There is no cache`);
  expect(await site.servedReleases()).toEqual(before);
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('One that was cut off with Ansible is not run a second time until somebody says so', async () => {
  site.lines = { on_failure: { pause: '1h' } };
  await tell({ seconds: '60' });
  await startDeploy();
  await untilPlaying();
  expect(killRun()).toContain('ansible-playbook');
  const asked = await question();
  expect(asked.failure?.type).toBe('hook-outcome-unknown');
  expect(asked.choices.map(({ decision }) => decision)).toEqual(['retry', 'done', 'rollback', 'abort']);
  expect(await onceLines()).toHaveLength(1);
  await tell({ seconds: '0' });
  expect((await site.musher('retry', 'shop/live')).exitCode).toBe(0);
  const { exitCode, result } = await site.follow('watch', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  expect((await onceLines()).filter((line) => line.startsWith('once shop'))).toHaveLength(2);
  expect(await site.outOfService()).toEqual([]);
  site.lines = {};
}, LONG);

test('What Ansible does not take as a playbook fails before anything is done', async () => {
  await writeFile(join(site.folder, FOLDER, 'each.yml'), '- hosts: all\n  tasks:\n    - nobody.knows.this:\n');
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode).toBe(1);
  expect(result).toMatchObject({ failure: { type: 'playbook-invalid', message: expect.stringMatching(/each\.yml cannot be a hook\..*nobody\.knows\.this/s) as string }, undone: [] });
  expect(await linesOf('web1')).toEqual([]);
}, LONG);
