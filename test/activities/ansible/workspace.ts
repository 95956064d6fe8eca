import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { closeNurseries } from '../../../activities/ansible/nursery.ts';
import { runFolder } from '../../../activities/ansible/run-folder.ts';
import type { RunRequest, RunSettings } from '../../../activities/ansible/run-request.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PYTHON = join(ROOT, '.venv/bin/python');
const RUN = join(ROOT, 'activities/ansible/run-playbook.ts');

/** A private place for the runs of one test; hosts are this machine, by Ansible's local connection. */
export class Workspace {
  readonly folder: string;
  readonly settings: RunSettings;

  constructor(folder: string) {
    this.folder = folder;
    this.settings = {
      runsFolder: join(folder, 'runs'), python: PYTHON, playbooksFolder: join(ROOT, 'playbooks'), modulesFolder: join(folder, 'modules'),
      knownHosts: join(folder, 'known_hosts'), sshControlFolder: join(folder, 'ssh'), forks: 10, namespaceId: 'n1',
    };
  }

  static async make(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), 'musher-run-')));
  }

  /** Settings with a program of ours in the place of ansible-playbook, for what a playbook cannot be made to do. */
  async inPlaceOfAnsible(script: string): Promise<RunSettings> {
    const bin = join(this.folder, 'bin');
    await mkdir(bin);
    await symlink(PYTHON, join(bin, 'python'));
    await writeFile(join(bin, 'ansible-playbook'), script);
    await chmod(join(bin, 'ansible-playbook'), 0o755);
    return { ...this.settings, python: join(bin, 'python') };
  }

  /** A request for a playbook with these tasks (YAML, a list, not indented) or plays. */
  async request(playbook: string, hosts: string[], rest: Partial<RunRequest> = {}): Promise<RunRequest> {
    const file = join(this.folder, 'playbook.yml');
    const plays = /^- hosts:/m.test(playbook) ? playbook : `- hosts: all\n  gather_facts: false\n  tasks:\n${playbook.replace(/^/gm, '    ')}`;
    await writeFile(file, plays);
    const local = `{ansible_connection: local, ansible_python_interpreter: ${PYTHON}}`;
    return {
      key: { workflowId: 'environment/shop/live', runId: 'r1', activityId: '1' }, playbook: file, hosts,
      inventory: () => `all:\n  hosts:\n${hosts.map((host) => `    ${host}: ${local}\n`).join('')}`,
      variables: `folder: ${this.folder}\n`, timeoutSeconds: 60, ...rest,
    };
  }

  /** A process of its own that runs a request as a worker does, and prints the outcome. */
  startWorker(request: RunRequest) {
    const code = `import { runPlaybook } from ${JSON.stringify(RUN)};
      const [settings, request] = JSON.parse(process.argv[1]);
      console.log(JSON.stringify(await runPlaybook(settings, { ...request, inventory: () => request.inventory })));`;
    const words = JSON.stringify([this.settings, { ...request, inventory: request.inventory(1) }]);
    return execa(process.execPath, ['--input-type=module', '-e', code, words], { reject: false });
  }

  runFolder(request: RunRequest): string {
    return runFolder(this.settings.runsFolder, request.key);
  }

  /** Living processes that have this workspace's name in their arguments or environment, but for the nursery of this process. */
  processes(): string[] {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).flatMap((pid) => {
      try {
        if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return [];
        if (isNursery(pid)) return [];
        const text = readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
        return text.includes(this.folder) ? [pid] : [];
      } catch {
        return [];
      }
    });
  }

  /** Ends what a failed test left, then removes everything. */
  async remove(): Promise<void> {
    closeNurseries();
    for (const pid of this.processes()) process.kill(Number(pid), 'SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Whether this is a nursery that this process started; its forks, which have its arguments, are children of another. */
export function isNursery(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('nursery.py') && parent(pid) === process.pid;
}

function parent(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Waits until `test` says yes, at most 40 s. */
export async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; !(await test()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${test.toString()}`);
  }
}

/** Every file below a folder that holds a text. */
export function filesWith(folder: string, text: string): string {
  try {
    return execFileSync('grep', ['-rlF', '--', text, folder], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
