import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { ID, type CleanUser } from './clean-user.ts';
import { namespaceOf } from './gated-processes.ts';
import { musherOf, stateOf } from './pack-musher.ts';
import type { Site } from './site.ts';
import type { TemporalServer } from './temporal-server.ts';
import { processes, readText } from './traces.ts';

const UNIT = 'musher-worker.service';

/** What docs/workers.md has systemd run. */
const unitText = (): string => /```ini\n([\s\S]*?)```/.exec(readFileSync(join(import.meta.dirname, '../../docs/workers.md'), 'utf8'))![1]!;

interface RunEvent {
  event: string;
  play?: string;
  host?: string;
  task?: string;
  status?: string;
  message?: string;
}

/** A host of the lab with the installed package and a worker of a Temporal cluster, as docs/workers.md describes it. */
export class WorkerHost {
  readonly name: string;
  readonly #site: Site;
  readonly #user: CleanUser;
  readonly #server: TemporalServer;

  constructor(name: string, site: Site, user: CleanUser, server: TemporalServer) {
    this.name = name;
    this.#site = site;
    this.#user = user;
    this.#server = server;
  }

  get #state(): string {
    return this.#there(stateOf(this.#user));
  }

  get #root(): string {
    return this.#site.lab.rootOf(this.name);
  }

  #there(path: string): string {
    return join(this.#root, path);
  }

  #run(...words: string[]) {
    return this.#site.lab.root(this.name, words);
  }

  /** Copies the installation, since hosts reach no registry, and gives its user what the page says. */
  async equip(): Promise<void> {
    const { home } = this.#user;
    const python = join(stateOf(this.#user), 'python');
    await mkdir(dirname(this.#there(home)), { mode: 0o755 });
    await mkdir(dirname(this.#there(python)), { recursive: true, mode: 0o700 });
    for (const path of [join(home, 'node_modules'), python]) await execa('cp', ['--archive', path, this.#there(path)]);
    await execa('chown', ['--recursive', `${ID}:${ID}`, this.#there(join(home, '.local'))]);
    await chown(this.#there(home), ID, ID);
    await this.#run('groupadd', '--gid', String(ID), 'musher');
    await this.#run('useradd', '--uid', String(ID), '--gid', String(ID), '--home-dir', home, 'musher');
    await this.#giveFile(this.#site.lab.key, this.#site.lab.key);
    await this.#giveFile(this.#site.lab.knownHosts, join(stateOf(this.#user), 'known_hosts'));
    await symlink(musherOf(this.#user), this.#there('usr/local/bin/musher'));
    await writeFile(this.#there('etc/musher-worker.env'), `TEMPORAL_ADDRESS=${this.#server.address}\nTEMPORAL_NAMESPACE=musher\n`, { mode: 0o600 });
    await writeFile(this.#there(join('etc/systemd/system', UNIT)), unitText());
    await this.#run('systemctl', 'daemon-reload');
  }

  async #giveFile(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.#there(to)), { recursive: true });
    await copyFile(from, this.#there(to));
    await execa('chmod', ['600', this.#there(to)]);
    await chown(this.#there(to), ID, ID);
  }

  /** Puts a source where the spec says that it is. */
  async giveSource(folder: string, place: string): Promise<void> {
    await rm(this.#there(place), { recursive: true, force: true });
    await mkdir(dirname(this.#there(place)), { recursive: true });
    await execa('cp', ['--archive', folder, this.#there(place)]);
  }

  /** Starts the worker; returns when it takes work. */
  async start(): Promise<void> {
    const before = await this.#readies();
    await this.#run('systemctl', 'restart', UNIT);
    for (const until = Date.now() + 120_000; (await this.#readies()) === before; await sleep(200)) {
      if (Date.now() > until) throw new Error(`${this.name}'s worker is not ready: ${await this.#journal()}`);
    }
  }

  async stop(): Promise<void> {
    await this.#run('systemctl', 'stop', UNIT);
  }

  async #readies(): Promise<number> {
    return (await this.#journal()).split('worker ready').length;
  }

  async #journal(): Promise<string> {
    return (await this.#run('journalctl', '--unit', UNIT, '--output', 'cat', '--no-pager')).stdout;
  }

  /** From now on nothing that it sends reaches Temporal; everything else does. */
  async cutOff(): Promise<void> {
    await this.#run('ip', 'route', 'add', 'blackhole', this.#server.host);
  }

  async rejoin(): Promise<void> {
    await this.#run('ip', 'route', 'del', 'blackhole', this.#server.host);
  }

  /** Lets it send no more than so many megabits a second; 0 ends that. */
  async throttle(megabits: number): Promise<void> {
    const shape = ['root', 'tbf', 'rate', `${megabits}mbit`, 'burst', '64k', 'latency', '400ms'];
    await this.#run('tc', 'qdisc', ...(megabits > 0 ? ['add', 'dev', 'host0', ...shape] : ['del', 'dev', 'host0', 'root']));
  }

  /** Processes of its runs of Ansible. */
  ansible(): number[] {
    const namespace = namespaceOf(this.#site.lab.host(this.name).leader!.pid);
    const isHere = (pid: number): boolean => {
      try {
        return namespaceOf(pid) === namespace;
      } catch {
        return false;
      }
    };
    const mark = `MUSHER_RUN=${stateOf(this.#user)}/runs/`;
    // What ssh keeps for the operation's next run is no run.
    return processes((environment) => environment.includes(mark)).filter(({ pid, command }) => isHere(pid) && !command.includes('[mux]')).map(({ pid }) => pid);
  }

  signalAnsible(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const pid of this.ansible()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** Waits until nothing runs of its runs of Ansible. */
  async untilIdle(seconds = 90): Promise<void> {
    for (const until = Date.now() + seconds * 1000; this.ansible().length > 0; await sleep(200)) {
      if (Date.now() > until) throw new Error(`Ansible still runs on ${this.name}: ${this.ansible().map((pid) => readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')).join('; ')}`);
    }
  }

  /** The folders of its runs, by name, the oldest first. */
  runs(): string[] {
    const folder = join(this.#state, 'runs');
    if (!existsSync(folder)) return [];
    const started = (name: string): number => Number((/"time": ([\d.]+)/.exec(readText(join(folder, name, 'events.jsonl'))) ?? [0, Infinity])[1]);
    return readdirSync(folder).sort((a, b) => started(a) - started(b));
  }

  events(run: string): RunEvent[] {
    const lines = readText(join(this.#state, 'runs', run, 'events.jsonl')).split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as RunEvent);
  }

  /** Whether one of its runs that goes on is at a task whose name has this in it. */
  isAt(task: string): boolean {
    return this.runs().some((run) => !existsSync(join(this.#state, 'runs', run, 'exit.json')) && this.events(run).findLast(({ event }) => event === 'task_start')?.task?.includes(task));
  }

  /** Does once more what one of its runs did: its playbook, for its servers, with its variables and its token. @returns what Ansible says. */
  async repeat(run: string): Promise<string> {
    const playbooks = join(this.#user.home, 'node_modules/musher/playbooks');
    const folder = join(stateOf(this.#user), 'runs', run);
    const play = this.events(run).find(({ event }) => event === 'play_start')!.play!;
    const playbook = readdirSync(this.#there(playbooks)).find((name) => readText(join(this.#there(playbooks), name)).includes(`- name: ${play}\n`))!;
    const environments = join(stateOf(this.#user), 'python');
    const [environment] = readdirSync(this.#there(environments)).filter((name) => existsSync(this.#there(join(environments, name, 'bin/ansible-playbook'))));
    const { stdout, stderr } = await this.#site.lab.root(this.name, [
      'runuser', '--user', 'musher', '--', 'env', '--chdir', playbooks, `HOME=${this.#user.home}`, 'ANSIBLE_CONFIG=ansible.cfg', 'ANSIBLE_NOCOLOR=1', 'LC_ALL=C.UTF-8',
      `ANSIBLE_SSH_ARGS=-o UserKnownHostsFile=${join(stateOf(this.#user), 'known_hosts')} -o ControlMaster=auto -o ControlPersist=10s`,
      join(environments, environment!, 'bin/ansible-playbook'), '--inventory', join(folder, 'inventory.yml'), '--extra-vars', `@${join(folder, 'variables.yml')}`, '--extra-vars', `@${join(folder, 'run.json')}`, playbook,
    ], { reject: false });
    return `${stdout}\n${stderr}`;
  }

  /** Checksums of the artifacts in its store. */
  artifacts(): string[] {
    const folder = join(this.#state, 'artifacts');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('sha256-')).map((name) => name.replace('-', ':')) : [];
  }
}
