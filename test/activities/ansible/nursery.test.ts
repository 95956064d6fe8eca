import { execa } from 'execa';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { controlFolder } from '../../../activities/ansible/ansible-environment.ts';
import { closeNurseries } from '../../../activities/ansible/nursery.ts';
import { runPlaybook } from '../../../activities/ansible/run-playbook.ts';
import { readSupervisor } from '../../../activities/ansible/run-folder.ts';
import type { RunRequest, RunSettings } from '../../../activities/ansible/run-request.ts';
import { isNursery, until, Workspace } from './workspace.ts';

let space: Workspace;
beforeEach(async () => void (space = await Workspace.make()));
afterEach(() => space.remove());

const key = (activityId: string) => ({ workflowId: 'w', runId: activityId, activityId });
const text = (request: RunRequest, name: string): string => readFileSync(join(space.runFolder(request), name), 'utf8');
const stat = (pid: string): string[] => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
const isAlive = (pid: string): boolean => existsSync(`/proc/${pid}`) && stat(pid)[0] !== 'Z';
const nurseries = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`) && isNursery(pid) && isAlive(pid));
const TELL = `
- name: Tell
  ansible.builtin.shell: "echo $ANSIBLE_SSH_CONTROL_PATH_DIR $MUSHER_RUN; sleep 1"
  register: told
- ansible.builtin.debug: {var: told.stdout}
`;

test('runs share a nursery, and neither a control folder, nor events, nor the ids of tasks', async () => {
  const requests = [await space.request(TELL, ['a'], { key: key('1') }), await space.request(TELL, ['a'], { key: key('2') })];
  await runPlaybook(space.settings, requests[0]!);
  const [nursery, ...others] = nurseries();
  expect(others).toEqual([]);
  await runPlaybook(space.settings, requests[1]!);
  expect(nurseries()).toEqual([nursery]);
  const folders = requests.map((request) => new RegExp(`${space.settings.sshControlFolder}/\\w+ ${space.runFolder(request)}`).exec(text(request, 'ansible.log'))?.[0].split(' ')[0]);
  expect(new Set(folders).size).toBe(2);
  expect(folders).not.toContain(undefined);
  const ids = requests.map((request) => new Set(text(request, 'events.jsonl').match(/"id": "[^"]+"/g)));
  expect([ids[0]!.size, ids[1]!.size, new Set([...ids[0]!, ...ids[1]!]).size]).toEqual([2, 2, 4]);
});

test('runs of one folder of playbooks share packed modules, those of another have their own', async () => {
  const packed = (settings: RunSettings): string[] => (existsSync(settings.modulesFolder) ? readdirSync(settings.modulesFolder, { recursive: true }).map(String) : []);
  await runPlaybook(space.settings, await space.request(TELL, ['a'], { key: key('1') }));
  expect(packed(space.settings)).toEqual([]);

  const own = { ...space.settings, playbooksFolder: space.folder };
  await mkdir(join(space.folder, 'plugins/modules'), { recursive: true });
  await symlink(join(space.settings.playbooksFolder, 'plugins/callback'), join(space.folder, 'plugins/callback'));
  const module = (answer: string) => writeFile(join(space.folder, 'plugins/modules/answer.py'), `from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(answer='${answer}')\n`);
  await writeFile(join(space.folder, 'ansible.cfg'), '[defaults]\nlibrary = plugins/modules\n');
  const answers: string[] = [];
  for (const [id, answer] of [['2', 'first'], ['3', 'first'], ['4', 'second']] as const) {
    await module(answer);
    if (id === '4') closeNurseries();
    const request = await space.request('- answer:\n  register: told\n- ansible.builtin.debug: {var: told.answer}\n', ['a'], { key: key(id) });
    await runPlaybook(own, request);
    answers.push(/told.answer": "(\w+)"/.exec(text(request, 'ansible.log'))![1]!);
  }
  expect(answers).toEqual(['first', 'first', 'second']);
  expect(packed(own).filter((name) => /answer-[A-Z_]+-\w+$/.test(name))).toHaveLength(2);
});

test('connections are kept in the folder of the run, not in that of the run before', async () => {
  const ssh = join(space.folder, 'ssh-program');
  writeFileSync(ssh, `#!/bin/sh\necho "$*" >> ${space.folder}/calls\nexit 255\n`, { mode: 0o755 });
  const inventory = () => `all: {hosts: {a: {ansible_host: 127.0.0.1, ansible_ssh_executable: ${ssh}}}}`;
  for (const id of ['1', '2']) await runPlaybook(space.settings, { ...(await space.request('- ansible.builtin.command: "true"', ['a'], { key: key(id) })), inventory });
  const calls = readFileSync(join(space.folder, 'calls'), 'utf8').trim().split('\n').map((call) => /ControlPath="?([^ "]+)\/[^ /]+/.exec(call)?.[1]);
  expect(new Set(calls)).toEqual(new Set(['1', '2'].map((id) => controlFolder(space.settings.sshControlFolder, key(id)))));
});

test('a run works whose nursery was killed before, and one whose nursery is killed in it', async () => {
  const requests = await Promise.all(['1', '2', '3'].map((id) => space.request(TELL, ['a'], { key: key(id) })));
  await runPlaybook(space.settings, requests[0]!);
  const [first] = nurseries();
  process.kill(Number(first), 'SIGKILL');
  expect((await runPlaybook(space.settings, requests[1]!)).hosts).toEqual({ a: { status: 'ok' } });
  const run = runPlaybook(space.settings, requests[2]!);
  await until(() => existsSync(join(space.runFolder(requests[2]!), 'events.jsonl')) && text(requests[2]!, 'events.jsonl').includes('task_start'));
  const [second] = nurseries();
  expect(second).not.toBe(first);
  process.kill(Number(second), 'SIGKILL');
  expect((await run).hosts).toEqual({ a: { status: 'ok' } });
  expect(text(requests[2]!, 'supervisor.json')).toContain('"generation": 1');
});

test('a worker that is killed takes the nursery along and no run', async () => {
  const request = await space.request(TELL, ['a']);
  const worker = space.startWorker(request);
  await until(() => existsSync(join(space.runFolder(request), 'events.jsonl')) && text(request, 'events.jsonl').includes('task_start'));
  const supervisor = String((await readSupervisor(space.runFolder(request)))!.pid);
  const nursery = stat(supervisor)[1]!;
  expect(readFileSync(`/proc/${nursery}/cmdline`, 'latin1')).toContain('nursery.py');
  worker.nodeChildProcess.kill('SIGKILL');
  await worker;
  await until(() => !isAlive(nursery));
  expect(isAlive(supervisor)).toBe(true);
  expect((await runPlaybook(space.settings, request)).hosts).toEqual({ a: { status: 'ok' } });
  expect(text(request, 'supervisor.json')).toContain(`"pid": ${supervisor},`);
});

test('runs at once do not mix what they say', async () => {
  const ids = ['one', 'two', 'three'];
  const requests = await Promise.all(ids.map(async (id) => {
    const request = await space.request('- ansible.builtin.debug: {msg: "this is {{ word }}"}\n  loop: "{{ range(20) | list }}"', ['a'], { key: key(id) });
    return { ...request, variables: `word: ${id}`, secrets: [`secret-of-${id}`] };
  }));
  await Promise.all(requests.map((request) => runPlaybook(space.settings, request)));
  expect(nurseries()).toHaveLength(1);
  for (const [index, request] of requests.entries()) {
    const said = text(request, 'ansible.log').match(/this is \w+/g);
    expect(said).toHaveLength(20);
    expect(new Set(said)).toEqual(new Set([`this is ${ids[index]}`]));
  }
});

test('a secret is not in the memory of the nursery, and the run has no descriptor of its supervisor', async () => {
  const secret = ['kept', 'out', 'of', 'here', String(process.pid)].join('/');
  const request = await space.request(TELL, ['a'], { secrets: [secret] });
  const run = runPlaybook(space.settings, request);
  await until(() => existsSync(join(space.runFolder(request), 'events.jsonl')) && text(request, 'events.jsonl').includes('task_start'));
  const { pid } = (await readSupervisor(space.runFolder(request)))!;
  const ansible = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const links = execa('find', [`/proc/${ansible}/fd`, '-lname', `${space.folder}/*`, '-printf', '%l\n']);
  expect((await links).stdout.trim()).toBe(join(space.runFolder(request), 'events.jsonl'));
  expect(readFileSync(`/proc/${ansible}/environ`, 'latin1').split('\0')).toContain(`MUSHER_RUN=${space.runFolder(request)}`);
  const [nursery] = nurseries();
  const search = (process: string) => execa('python3', ['-c', SEARCH, process, ...secret.split('/')]).then(({ stdout }) => stdout);
  expect([await search(String(pid)), await search(nursery!)]).toEqual(['True', 'False']);
  await run;
});

/** Whether a process has the arguments after its number, joined by '/', in its memory. */
const SEARCH = `
import re, sys
word = '/'.join(sys.argv[2:]).encode()
found = False
with open(f'/proc/{sys.argv[1]}/maps') as maps, open(f'/proc/{sys.argv[1]}/mem', 'rb', 0) as memory:
    for start, end in re.findall(r'^(\\w+)-(\\w+) rw', maps.read(), re.M):
        memory.seek(int(start, 16))
        found = found or word in memory.read(int(end, 16) - int(start, 16))
print(found)
`;
