import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cutAllPower, groupOf } from './cgroup.ts';
import { consoleOf, type Driver, type HostPlace } from './driver.ts';
import { driverName, drivers, type DriverName } from './drivers.ts';
import { ensureEquipped, isEquipped } from './equipped-image.ts';
import { delayLink, fillDisk, freeDisk, freeze, thaw } from './faults.ts';
import { checkHome, paths } from './home.ts';
import { identityFiles, makeHostKey } from './host-files.ts';
import { ensureImage } from './image.ts';
import { withLock } from './lock.ts';
import { unmountBelow } from './mounts.ts';
import { Network } from './network.ts';
import { releaseName, usualRelease, type Release } from './releases.ts';
import { quote, sshWords, waitForSsh, type Way } from './ssh.ts';
import { folderOf, label, labNames, loadState, saveState, writeWhole, type HostState, type LabState } from './state.ts';
import { claimedBy, claimSubnet, releaseSubnet } from './subnet.ts';

export interface HostRequest {
  name: string;
  /** `nspawn` when it is left out. */
  driver?: DriverName;
  /** Its Debian; `bookworm` when it is left out. */
  release?: Release;
  /** Its RAM in MiB, for the driver `uml`. */
  memory?: number;
  /** Whether it has nginx and PHP from the beginning, stopped, as all of the driver `uml` do. */
  equipped?: boolean;
}

export interface LabRequest {
  /** Its name among the labs of this machine. */
  name: string;
  /** The hosts to have, by name or with how to run them; those that a lab of this name has already stay. */
  hosts: readonly (string | HostRequest)[];
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

/** MiB; a web server with PHP has room in it, and an NFS server. */
const usualMemory = 384;
const leastMemory = 128;

/** A set of real hosts on this machine, in a network of their own that only this machine reaches. */
export class Lab {
  readonly state: LabState;

  private constructor(state: LabState) {
    this.state = state;
  }

  /**
   * Starts a lab, or what is missing of it, and comes back when SSH answers on all its hosts. Builds the image first where there is none.
   * Throws when a host does not come up within its driver's limit; what is there then stays for `down`.
   */
  static async up(request: LabRequest): Promise<Lab> {
    const requests = request.hosts.map(checkHost);
    const folder = folderOf(request.name);
    const images = new Map<Release, string>();
    for (const release of new Set(requests.map((one) => one.release ?? usualRelease))) images.set(release, await ensureImage(release, request.say));
    return await withLock(`lab-${request.name}`, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const before = await loadState(request.name);
      // A lab that a reboot stopped takes its own subnet again: its hosts' disks and keys belong to it.
      const number = await claimSubnet(folder, request.subnet ?? before?.number);
      const lab = new Lab(before ?? newState(request.name, number));
      if (!(await lab.network.isWhole())) {
        // Hosts in a broken network would be out of reach for good.
        await cutAllPower(lab.network);
        await lab.network.up();
      }
      await lab.addHosts(requests, images, request.say);
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
        await cutAllPower(network);
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
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const command = await this.driver(host).enter(this.place(host), ['env', '-i', path, 'HOME=/root', 'LANG=C.UTF-8', ...words]);
    return await run(command, options);
  }

  /** Cuts a host's power: nothing of it lives on, its peers hear nothing, its disk stays. */
  async powerCut(host: string): Promise<void> {
    await this.driver(host).powerCut(this.place(host));
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
    await this.driver(host).setLink(this.place(host), 'down');
  }

  /** Plugs a host's cable in again. */
  async joinLink(host: string): Promise<void> {
    await this.driver(host).setLink(this.place(host), 'up');
  }

  /** Delays everything that a host sends by `ms` milliseconds, until it reboots; 0 ends it. Throws when its kernel has no netem. */
  async delay(host: string, ms: number): Promise<void> {
    await delayLink(this.asRoot(host), this.driver(host).device, ms, host);
  }

  /** Leaves no free block on a host's disk. Throws when that disk is the machine's own. */
  async fill(host: string): Promise<void> {
    if (!this.driver(host).hasOwnMachine) throw new Error(`${host} shares this machine's disk, which is not to be filled. Hosts of the driver uml have their own`);
    await fillDisk(this.asRoot(host));
  }

  /** Gives back what `fill` took. */
  async free(host: string): Promise<void> {
    await freeDisk(this.asRoot(host));
  }

  /** Stops (SIGSTOP) every process of a host that has this name, as `ps -o comm` shows it. Throws when there is none. */
  async freeze(host: string, name: string): Promise<void> {
    await freeze(this.asRoot(host), name, host);
  }

  /** Lets every process of this name go on. Throws when there is none. */
  async thaw(host: string, name: string): Promise<void> {
    await thaw(this.asRoot(host), name, host);
  }

  async isRunning(host: string): Promise<boolean> {
    return (await groupOf(this.place(host)).processes()).length > 0;
  }

  /** A host's file system as a folder of this machine. Throws when it has a disk of its own. */
  rootOf(host: string): string {
    const root = this.driver(host).rootOf(this.place(host));
    if (root === undefined) throw new Error(`${host} has a disk of its own, which only the host itself can read: ask it by \`exec\` or \`root\``);
    return root;
  }

  async down(): Promise<void> {
    await Lab.down(this.name);
  }

  /** What it takes to reach a host by SSH. */
  way(host: string): Way {
    return { address: this.host(host).address, user: this.state.user, key: this.key, knownHosts: this.knownHosts };
  }

  private async addHosts(requests: readonly HostRequest[], images: ReadonlyMap<Release, string>, say?: (line: string) => void): Promise<void> {
    const userKey = await readFile(`${paths.key}.pub`, 'utf8');
    for (const { name, driver = 'nspawn', release = usualRelease, memory, equipped = false } of requests.filter((request) => !this.has(request))) {
      const taken = Object.values(this.hosts).map((host) => host.number);
      const number = Math.max(10, ...taken) + 1;
      if (number > 250) throw new Error('A lab has at most 240 hosts');
      const bare = images.get(release)!;
      await drivers[driver].prepare(bare, say);
      const image = equipped && !drivers[driver].hasOwnMachine ? await ensureEquipped(bare, say) : bare;
      const hostKey = await makeHostKey();
      const address = this.network.address(number);
      const own = drivers[driver].hasOwnMachine && { memory: memory ?? usualMemory };
      this.hosts[name] = { name, address, number, driver, release, image, ...own, hostKey: hostKey.public };
      const place = this.place(name);
      const root = drivers[driver].rootOf(place);
      if (root !== undefined) this.hosts[name].root = root;
      // A disk without an entry in lab.json is a host whose making was cut short: its key is lost to us.
      await drivers[driver].remove(place);
      await rm(place.folder, { recursive: true, force: true });
      await mkdir(place.folder, { recursive: true });
      await drivers[driver].create(place, identityFiles(name, address, this.network, hostKey, userKey));
      await saveState(this.state);
    }
    const lines = Object.values(this.hosts).map((host) => `${host.address},${host.name} ${host.hostKey}\n`);
    await writeWhole(this.knownHosts, lines.join(''));
  }

  /** Whether the lab has this host already. Throws when it has one of this name that is another. */
  private has({ name, driver, release, memory, equipped }: HostRequest): boolean {
    const host = this.hosts[name];
    if (!host) return false;
    const isSame = (driver ?? host.driver) === host.driver && (release ?? host.release) === host.release && (memory ?? host.memory) === host.memory;
    if (isSame && (drivers[host.driver].hasOwnMachine || (equipped ?? isEquipped(host.image)) === isEquipped(host.image))) return true;
    throw new Error(`The lab ${this.name} has ${name} as ${describeHost(host)} already, with Debian ${host.release}; take the lab down before you make it another`);
  }

  private async boot(name: string): Promise<void> {
    const place = this.place(name);
    const driver = this.driver(name);
    this.host(name).leader = await driver.start(place);
    await waitForSsh(this.way(name), driver.bootLimit).catch(async (error: Error) => {
      const said = await readFile(consoleOf(place), 'utf8').catch(() => '');
      throw new Error(`${error.message}\n${name}'s console ends with:\n${said.slice(-2_000)}`);
    });
  }

  private driver(host: string): Driver {
    return drivers[this.host(host).driver];
  }

  private asRoot(host: string) {
    return (words: readonly string[], options?: CommandOptions) => this.root(host, words, options);
  }

  private place(name: string): HostPlace {
    const { address, number, image, memory = 0 } = this.host(name);
    return { name, number, address, memory, image, folder: join(folderOf(this.name), 'hosts', name), network: this.network };
  }
}

function newState(name: string, number: number): LabState {
  const folder = folderOf(name);
  return { name, subnet: `10.77.${number}.0/24`, number, key: paths.key, knownHosts: join(folder, 'known_hosts'), user: 'deploy', hosts: {} };
}

/** Gives back a request that can be met as far as its words go, or throws. */
function checkHost(host: string | HostRequest): HostRequest {
  const { name, driver, release, memory, equipped } = typeof host === 'string' ? { name: host } : host;
  label(name);
  if (driver !== undefined) driverName(driver);
  if (release !== undefined) releaseName(release);
  const request = { name, ...(driver && { driver }), ...(release && { release }), ...(equipped !== undefined && { equipped }) };
  if (memory === undefined) return request;
  if (driver === undefined || !drivers[driver].hasOwnMachine) throw new Error(`${name}: only a host of the driver uml has memory of its own`);
  if (!Number.isInteger(memory) || memory < leastMemory) throw new Error(`${name}: memory is a whole number of MiB, at least ${leastMemory}, not ${memory}`);
  return { ...request, memory };
}

/** How a host is run, in words: `nspawn`, `uml with 384 MiB`, `nspawn of trixie`, or `nspawn, equipped`. */
export function describeHost({ driver, release, memory, image }: HostState): string {
  return `${driver}${memory === undefined ? '' : ` with ${memory} MiB`}${release === usualRelease ? '' : ` of ${release}`}${isEquipped(image) ? ', equipped' : ''}`;
}

async function run([command, ...words]: string[], { input = '', ...options }: CommandOptions): Promise<CommandResult> {
  return await execa(command!, words, { input, ...options });
}
