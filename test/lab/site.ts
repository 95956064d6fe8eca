import { existsSync, readFileSync } from 'node:fs';
import { appendFile, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { isAlive } from '../../client/local/process-identity.ts';
import type { ServiceRecord } from '../../client/local/service-record.ts';
import { collectStatus, type Status, type SubjectStatus } from '../../cli/status/collect-status.ts';
import { MusherClient } from '../../client/musher-client.ts';
import type { OperationResult, StepReport } from '../../contract/result.ts';
import { makeLoadPages, type ReleaseOptions } from '../../lab/demo/application/make-release.ts';
import { Lab, type HostRequest } from '../../lab/lab.ts';
import { startLoad, type Load } from '../../lab/load/load.ts';
import type { LoadOptions } from '../../lab/load/options.ts';
import { withLock } from '../../lab/lock.ts';
import { unmountBelow } from '../../lab/mounts.ts';
import { copyMusher } from '../copy-musher.ts';
import { placeExample } from './place-example.ts';
import type { Release } from '../../lab/releases.ts';
import { readText } from './traces.ts';

const ROOT = join(import.meta.dirname, '../..');
const MUSHER = join(ROOT, 'bin/musher');
const LOOK_AT_BALANCER = readFileSync(join(import.meta.dirname, 'look-at-balancer.py'), 'utf8');
export const ENVIRONMENTS = [
  { name: 'shop/live', host: 'shop.example.net' },
  { name: 'shop/test', host: 'test.shop.example.net' },
];

/** The most that a process has held of memory so far, in MB; 0 when it is gone. */
export function peakMemory(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

const folderOf = (labName: string): string => join(tmpdir(), `musher-${labName}`);

/** What tests and the bench call their labs, each with the id of the process that may still use it. */
const LAB_OF_PROCESS = /^(?:site-.+|test-.+|balancer|application|bench|playbooks)-(?<pid>\d+)$/;

/** Takes away what test runs left behind that were killed: they could not do it themselves. One at a time: tests begin together, and what one stops another would be removing. */
async function clearLeftovers(): Promise<void> {
  await withLock('leftovers', async () => {
    for (const labName of await Lab.names()) {
      const pid = LAB_OF_PROCESS.exec(labName)?.groups?.['pid'];
      if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
      const folder = folderOf(labName);
      if (existsSync(folder)) await execa(MUSHER, ['service', 'stop'], { env: { MUSHER_HOME: join(folder, 'state') }, reject: false });
      await Lab.down(labName);
      await unmountBelow(folder);
      // A run whose worker is gone may still be writing its last lines.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  });
}

/** Workflows as workers of earlier sites have bundled them, which takes seconds each time. */
const BUNDLES = join(ROOT, 'build/bundles');

async function copyBundles(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { recursive: true });
  for (const name of (await readdir(from)).filter((one) => one.endsWith('.js') && !existsSync(join(to, one)))) {
    // Whoever looks meanwhile sees the whole or nothing.
    const draft = join(to, `${name}.${process.pid}`);
    await copyFile(join(from, name), draft);
    await rename(draft, join(to, name));
  }
}

const ownKernel = { driver: 'uml', memory: 512 } as const;

export interface SiteOptions {
  name: string;
  members?: string[];
  balancers?: string[];
  /** Keeps code or shared files: it and the members then have kernels of their own. */
  storage?: string;
  /** A file of examples/ that is the spec, in the place of the usual one. */
  example?: string;
  /** The Debian of hosts that have another than usual. */
  releases?: Record<string, Release>;
  /** Hosts that are no servers of the site. */
  others?: string[];
  /** Members have no package of nginx and PHP yet: where a provision is what matters, or its time. */
  bare?: boolean;
}

/** Members behind balancers in a lab, and a Musher of its own that drives them by its commands, as a user would. */
export class Site {
  readonly lab: Lab;
  readonly folder: string;
  readonly members: string[];
  readonly balancers: string[];
  readonly storage: string | undefined;
  readonly example: string | undefined;
  /** What `shop` says beyond its usual lines, and each of its environments. */
  project: Record<string, unknown> = {};
  lines: Record<string, unknown> = {};
  /** What is changed in the spec at last. */
  amend: (spec: { servers: Record<string, object>; groups: { eu: { members: string[] } & Record<string, unknown> }; projects: { shop: { environments: Record<string, object> } } }) => void = () => {};
  /** What commands find in their environment beyond the usual. */
  variables: NodeJS.ProcessEnv = {};
  /** The most that a command of this site held of memory, in MB. */
  peakOfCommands = 0;
  #musher = MUSHER;

  private constructor(lab: Lab, folder: string, { members, balancers, storage, example }: Pick<Site, 'members' | 'balancers' | 'storage' | 'example'>) {
    this.lab = lab;
    this.folder = folder;
    this.members = members;
    this.balancers = balancers;
    this.storage = storage;
    this.example = example;
  }

  static async start({ name, members = ['web1', 'web2', 'web3'], balancers = ['lb1'], storage, example, releases = {}, others = [], bare = false }: SiteOptions): Promise<Site> {
    await clearLeftovers();
    const folder = folderOf(`site-${name}-${process.pid}`);
    await mkdir(folder, { mode: 0o700 });
    const hosts = [...balancers, ...members, ...(storage ? [storage] : []), ...others].map((host): HostRequest => ({
      name: host,
      ...(storage && !balancers.includes(host) && !others.includes(host) && ownKernel),
      ...(releases[host] && { release: releases[host] }),
      equipped: !bare && members.includes(host),
    }));
    const lab = await Lab.up({ name: `site-${name}-${process.pid}`, hosts }).catch(async (error: unknown) => {
      // What was to be a site must not be in the way of the next of its name.
      await Lab.down(`site-${name}-${process.pid}`);
      await rm(folder, { recursive: true });
      throw error;
    });
    const site = new Site(lab, folder, { members, balancers, storage, example });
    await mkdir(site.home, { mode: 0o700 });
    await copyBundles(BUNDLES, join(site.home, 'bundles'));
    await copyFile(lab.knownHosts, join(site.home, 'known_hosts'));
    return site;
  }

  get home(): string {
    return join(this.folder, 'state');
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, MUSHER_HOME: this.home, TEMPORAL_ADDRESS: undefined, NO_COLOR: '1', PATH: `${join(this.folder, 'tools')}:${process.env['PATH']}`, ...this.variables };
  }

  async stop(): Promise<void> {
    await this.musher('service', 'stop');
    await copyBundles(join(this.home, 'bundles'), BUNDLES);
    await Lab.down(this.lab.name);
    // A test may have given a folder of it a file system of its own.
    await unmountBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Makes the source of a release: the load's pages. */
  async source(options: Omit<ReleaseOptions, 'folder'>, more: (folder: string) => Promise<void> = async () => {}): Promise<void> {
    const draft = join(this.folder, `draft-${options.version}`);
    await makeLoadPages({ ...options, folder: draft });
    await more(draft);
    await rm(join(this.folder, 'shop'), { recursive: true, force: true });
    await rename(draft, join(this.folder, 'shop'));
  }

  async writeSpec(): Promise<void> {
    const file = join(this.folder, 'musher.yml');
    if (this.example !== undefined) {
      await placeExample(this, this.example, this.folder);
      const spec = parse(await readFile(file, 'utf8')) as Parameters<Site['amend']>[0];
      this.amend(spec);
      return writeFile(file, stringify(spec));
    }
    const storage = this.storage === undefined ? [] : [this.storage];
    const servers = [...this.balancers, ...this.members, ...storage].map((name) => [name, { address: this.lab.host(name).address, user: this.lab.state.user, key: this.lab.key }]);
    const environment = (domain: string) => ({
      group: 'eu',
      domains: [domain],
      health: { path: '/load.php' },
      workers: 12,
      retry_timeout: 60,
      ...this.lines,
    });
    const spec = {
      version: 1,
      servers: Object.fromEntries(servers) as Record<string, object>,
      groups: { eu: { kind: 'cluster', members: this.members, balancers: this.balancers, ...(this.storage && { files: { server: this.storage } }) } },
      projects: {
        shop: {
          app: 'php',
          source: { directory: 'shop' },
          docroot: 'public',
          shared: ['data'],
          ...this.project,
          environments: { live: environment(ENVIRONMENTS[0]!.host), test: environment(ENVIRONMENTS[1]!.host) },
        },
      },
    };
    this.amend(spec);
    await writeFile(file, stringify(spec));
  }

  /** From now on this site runs a copy of Musher, whose code a test may change. */
  async copyMusher(): Promise<void> {
    const copy = join(this.folder, 'musher');
    await copyMusher(copy);
    this.#musher = join(copy, 'bin/musher');
  }

  /** Makes the copy a newer version of Musher. */
  async changeCode(): Promise<void> {
    await appendFile(join(this.folder, 'musher/activities/once-hooks.ts'), '// Changed since.\n');
  }

  /** Runs a command of Musher's. */
  async musher(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const running = execa(this.#musher, words, { cwd: this.folder, env: this.environment, extendEnv: false, reject: false, stdin: 'ignore' });
    const looking = setInterval(() => (this.peakOfCommands = Math.max(this.peakOfCommands, peakMemory(running.pid))), 100);
    const { exitCode = -1, stdout, stderr } = await running.finally(() => clearInterval(looking));
    return { exitCode, stdout, stderr };
  }

  /** Runs an operation to its end. */
  async operate(...words: string[]): Promise<{ exitCode: number; result: OperationResult }> {
    await this.writeSpec();
    return this.follow(...words);
  }

  /** Runs one that is to end well; its result. */
  async succeed(...words: string[]): Promise<OperationResult> {
    const { exitCode, result } = await this.operate(...words);
    if (exitCode !== 0) throw new Error(`musher ${words.join(' ')} ended with ${exitCode}: ${result.message}`);
    return result;
  }

  /** Runs a command that follows an operation to its end. */
  async follow(...words: string[]): Promise<{ exitCode: number; result: OperationResult }> {
    const { exitCode, stdout, stderr } = await this.musher(...words, '--json');
    const last = stdout.trim().split('\n').at(-1) ?? '';
    try {
      const { result } = JSON.parse(last) as { result?: OperationResult };
      if (!result) throw new Error('no result');
      return { exitCode, result };
    } catch {
      throw new Error(`musher ${words.join(' ')} told no result (exit ${exitCode}): ${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    }
  }

  async status(subject = 'shop/live'): Promise<Status['subjects'][number]> {
    const { stdout } = await this.musher('status', subject, '--live', '--json');
    const [found] = (JSON.parse(stdout) as Status).subjects;
    if (!found) throw new Error(`${subject} is unknown: ${stdout}`);
    return found;
  }

  /** What the hosts say of an environment. */
  async observation(subject?: string): Promise<Status['subjects'][number]['live']> {
    return (await this.status(subject)).live;
  }

  /** The release that each member's `current` leads to; null where there is none. */
  async servedReleases(subject = 'shop/live'): Promise<Record<string, string | null>> {
    const releaseOf = async (member: string): Promise<string | null> => {
      const { stdout } = await this.lab.root(member, ['readlink', `/var/lib/musher/current/${subject}`], { reject: false });
      return stdout === '' ? null : basename(stdout);
    };
    return Object.fromEntries(await Promise.all(this.members.map(async (member) => [member, await releaseOf(member)] as const)));
  }

  /** Members that a balancer may not ask, for whatever reason, of the balancers' own word. One that a balancer says nothing of is not known to be in service. */
  async outOfService(subject = 'shop/live'): Promise<string[]> {
    const looks = this.balancers.map((balancer) => this.lab.root(balancer, ['python3', '-c', LOOK_AT_BALANCER, subject.replaceAll('/', '_')]));
    const asked = (await Promise.all(looks)).map(({ stdout }) => stdout.split('\n'));
    return this.members.filter((member) => asked.some((names) => !names.includes(member)));
  }

  /** Asks the first balancer for environments (both, unless told otherwise), without a pause. */
  async load(maxRequests = 100_000, maxSeconds = 600, environments = ENVIRONMENTS): Promise<Load> {
    return this.#startLoad({ environments, concurrency: 24, maxRequests, maxSeconds });
  }

  /** Asks the first balancer for shop/live as a few visitors do, which leaves the machine to what is tested. */
  async gentleLoad(options: Pick<LoadOptions, 'maxSeconds'> & Partial<LoadOptions>): Promise<Load> {
    return this.#startLoad({ environments: ENVIRONMENTS.slice(0, 1), concurrency: 4, pauseMs: 200, maxRequests: 100_000, ...options });
  }

  async #startLoad(options: Omit<LoadOptions, 'target'>): Promise<Load> {
    const load = startLoad({ target: { address: this.lab.host(this.balancers[0]!).address, port: 80 }, ...options });
    await load.started;
    return load;
  }

  async service(): Promise<ServiceRecord> {
    return JSON.parse(await readFile(join(this.home, 'service.json'), 'utf8')) as ServiceRecord;
  }

  /** Kills a background process of this Musher; returns when it is gone. */
  async kill(which: 'worker' | 'server'): Promise<void> {
    const background = (await this.service())[which]!;
    process.kill(background.pid, 'SIGKILL');
    while (isAlive(background)) await sleep(20);
  }

  /** What `musher status` says of a subject; without a process of its own, which would take of the machine what an operation needs. Undefined while Temporal does not answer. */
  async glance(subject = 'shop/live'): Promise<SubjectStatus | undefined> {
    const [address, namespace] = [`127.0.0.1:${(await this.service()).ports!.server}`, 'musher'];
    const connection = await Connection.connect({ address, connectTimeout: 5_000 }).catch(() => undefined);
    try {
      const client = connection && new MusherClient(new Client({ connection, namespace }));
      return client && (await collectStatus({ client, address, namespace, local: true }, undefined, subject)).subjects[0];
    } catch {
      return undefined;
    } finally {
      await connection?.close();
    }
  }

  /** Waits until an operation's step is in a state. */
  async until(subject: string, step: string, state: string, seconds = 60): Promise<void> {
    let seen: readonly StepReport[] | null | undefined;
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(250)) {
      seen = (await this.glance(subject))?.running?.steps;
      if (seen?.some((report) => report.name === step && report.state === state)) return;
    }
    throw new Error(`"${step}" of ${subject} was not ${state} within ${seconds} s: ${JSON.stringify(seen)}`);
  }
}
