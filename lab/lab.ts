import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Driver, HostPlace } from './driver.ts';
import { checkHome, paths } from './home.ts';
import { identityFiles, makeHostKey } from './host-files.ts';
import { ensureImage } from './image.ts';
import { withLock } from './lock.ts';
import { unmountBelow } from './mounts.ts';
import { Network } from './network.ts';
import { nspawn } from './nspawn.ts';
import { quote, sshWords, waitForSsh, type Way } from './ssh.ts';
import { folderOf, label, labNames, loadState, saveState, writeWhole, type HostState, type LabState } from './state.ts';
import { claimedBy, claimSubnet, releaseSubnet } from './subnet.ts';

export interface LabRequest {
  /** Its name among the labs of this machine. */
  name: string;
  /** The hosts to have; those that a lab of this name has already stay. */
  hosts: readonly string[];
  /** N of the network 10.77.N.0/24; a free one when it is left out. */
  subnet?: number;
  /** Told what takes long. */
  say?: (line: string) => void;
}

export interface CommandOptions {
  /** What the command reads; nothing when left out. */
  input?: string;
  /** Milliseconds until it is stopped. */
  timeout?: number;
  /** `false`: a command that fails is no error, its exit code tells. */
  reject?: boolean;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
  /** Undefined when it was stopped by a signal or its time limit. */
  exitCode?: number;
}

const driver: Driver = nspawn;
const bootLimit = 60_000;

/** A set of real hosts on this machine, in a network of their own that only this machine reaches. */
export class Lab {
  readonly state: LabState;

  private constructor(state: LabState) {
    this.state = state;
  }

  /**
   * Starts a lab, or what is missing of it, and comes back when SSH answers on all its hosts. Builds the image first where there is none.
   * Throws when a host does not come up within a minute; what is there then stays for `down`.
   */
  static async up(request: LabRequest): Promise<Lab> {
    const names = request.hosts.map(label);
    const folder = folderOf(request.name);
    const image = await ensureImage(request.say);
    return await withLock(`lab-${request.name}`, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const before = await loadState(request.name);
      // A lab that a reboot stopped takes its own subnet again: its hosts' disks and keys belong to it.
      const number = await claimSubnet(folder, request.subnet ?? before?.number);
      const lab = new Lab(before ?? newState(request.name, number, image));
      if (!(await lab.network.isWhole())) {
        // Hosts in a broken network would be out of reach for good.
        await driver.removeAll(lab.network);
        await lab.network.up();
      }
      await lab.addHosts(names);
      await Promise.all(Object.keys(lab.hosts).map((name) => lab.boot(name)));
      await saveState(lab.state);
      return lab;
    });
  }

  /** A lab that is up, or was; undefined when there is none of this name. */
  static async find(name: string): Promise<Lab | undefined> {
    const state = await loadState(name);
    return state && new Lab(state);
  }

  /** Takes a lab away, whatever state it was left in; no harm when there is none. Touches no other lab. */
  static async down(name: string): Promise<void> {
    checkHome();
    const folder = folderOf(name);
    if (!existsSync(folder) && (await claimedBy(folder)) === undefined) return;
    await withLock(`lab-${name}`, async () => {
      const number = await claimedBy(folder);
      if (number !== undefined) {
        const network = new Network(number);
        await driver.removeAll(network);
        await network.down();
      }
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
      if (number !== undefined) await releaseSubnet(number);
    });
  }

  static async names(): Promise<string[]> {
    return await labNames();
  }

  get name(): string {
    return this.state.name;
  }

  get hosts(): Record<string, HostState> {
    return this.state.hosts;
  }

  /** A host by its name. Throws when the lab has none of this name. */
  host(name: string): HostState {
    const host = this.hosts[name];
    if (!host) throw new Error(`The lab ${this.name} has no host ${name}; it has ${Object.keys(this.hosts).join(', ') || 'none'}`);
    return host;
  }

  /** The file of the private SSH key that opens every host for the user `deploy`. */
  get key(): string {
    return this.state.key;
  }

  /** The known_hosts file with every host's key, by address and by name. */
  get knownHosts(): string {
    return this.state.knownHosts;
  }

  get network(): Network {
    return new Network(this.state.number);
  }

  /** Runs a command on a host over SSH, as `deploy`. Each word arrives as it is. Throws when it fails, unless told otherwise. */
  async exec(host: string, words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const before = sshWords(this.way(host));
    return await run([...before, words.map(quote).join(' ')], options);
  }

  /** Runs a command in a host as root, without its network. Throws when it fails, unless told otherwise. */
  async root(host: string, words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const before = await driver.enter(this.place(host));
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    return await run([...before, 'env', '-i', path, 'HOME=/root', 'LANG=C.UTF-8', ...words], options);
  }

  /** Cuts a host's power: nothing of it lives on, its peers hear nothing, its disk stays. */
  async powerCut(host: string): Promise<void> {
    await driver.powerCut(this.place(host));
  }

  /** Boots a host again from its disk, and comes back when SSH answers. */
  async start(host: string): Promise<void> {
    await this.boot(host);
    await withLock(`lab-${this.name}`, async () => {
      const state = await loadState(this.name);
      const leader = this.host(host).leader;
      if (state?.hosts[host] && leader) await saveState({ ...state, hosts: { ...state.hosts, [host]: { ...state.hosts[host], leader } } });
    });
  }

  /** Pulls a host's cable. */
  async cutLink(host: string): Promise<void> {
    await driver.setLink(this.place(host), 'down');
  }

  /** Plugs a host's cable in again. */
  async joinLink(host: string): Promise<void> {
    await driver.setLink(this.place(host), 'up');
  }

  async isRunning(host: string): Promise<boolean> {
    return await driver.isRunning(this.place(host));
  }

  /** A host's file system as a folder of this machine. */
  rootOf(host: string): string {
    return driver.rootOf(this.place(host));
  }

  async down(): Promise<void> {
    await Lab.down(this.name);
  }

  /** What it takes to reach a host by SSH. */
  way(host: string): Way {
    return { address: this.host(host).address, user: this.state.user, key: this.key, knownHosts: this.knownHosts };
  }

  private async addHosts(names: readonly string[]): Promise<void> {
    const userKey = await readFile(`${paths.key}.pub`, 'utf8');
    for (const name of names) {
      if (this.hosts[name]) continue;
      const taken = Object.values(this.hosts).map((host) => host.number);
      const number = Math.max(10, ...taken) + 1;
      if (number > 250) throw new Error('A lab has at most 240 hosts');
      const hostKey = await makeHostKey();
      const address = this.network.address(number);
      const host = { name, address, number, root: '', hostKey: hostKey.public };
      this.hosts[name] = host;
      const place = this.place(name);
      host.root = driver.rootOf(place);
      // A disk without an entry in lab.json is a host whose making was cut short: its key is lost to us.
      await driver.remove(place);
      await rm(place.folder, { recursive: true, force: true });
      await driver.create(place, identityFiles(name, address, this.network, hostKey, userKey));
      await saveState(this.state);
    }
    const lines = Object.values(this.hosts).map((host) => `${host.address},${host.name} ${host.hostKey}\n`);
    await writeWhole(this.knownHosts, lines.join(''));
  }

  private async boot(name: string): Promise<void> {
    const leader = await driver.start(this.place(name));
    this.host(name).leader = leader;
    await waitForSsh(this.way(name), bootLimit);
  }

  private place(name: string): HostPlace {
    const { address, number } = this.host(name);
    return { name, number, address, folder: join(folderOf(this.name), 'hosts', name), image: this.state.image, network: this.network };
  }
}

function newState(name: string, number: number, image: string): LabState {
  const folder = folderOf(name);
  return { name, subnet: `10.77.${number}.0/24`, number, image, key: paths.key, knownHosts: join(folder, 'known_hosts'), user: 'deploy', hosts: {} };
}

async function run([command, ...words]: string[], { input = '', ...options }: CommandOptions): Promise<CommandResult> {
  return await execa(command!, words, { input, ...options });
}
