import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { groupOf } from './cgroup.ts';
import { startDetached } from './detached.ts';
import { consoleOf, type Driver, type HostPlace } from './driver.ts';
import { paths } from './home.ts';
import { writeHostFile } from './host-files.ts';
import { unmountBelow } from './mounts.ts';
import { identify, until, type ProcessIdentity } from './process.ts';
import { quote, sshWords } from './ssh.ts';
import { ensureUmlImage, umlImageOf } from './uml-image.ts';

/** What the kernel takes from its memory file for itself, and its files beside it, in MiB. */
const memoryBeside = 16;

/** The name of every host's own way in, in its known_hosts file. */
const alias = 'lab-control';

/** Hosts with a kernel and a disk of their own, by User Mode Linux: slower, but with all that Debian's kernel has (NFS, netem). */
export const uml: Driver = {
  device: 'vec0',
  hasOwnMachine: true,
  bootLimit: 240_000,
  prepare: ensureUmlImage,

  async create(host, files) {
    if (existsSync(join(host.folder, 'disk'))) return;
    const draft = join(host.folder, 'disk.partial');
    const identity = join(draft, 'identity');
    await rm(draft, { recursive: true, force: true });
    const contentOf = (path: string) => files.find((file) => file.path === path)!.content;
    const control = { address: controlAddress(host), peer: '169.254.0.1' };
    const own = [
      { path: 'etc/lab-control/address', content: `ADDRESS=${control.address}\nPEER=${control.peer}\n`, mode: 0o600 },
      { path: 'etc/lab-control/host_key', content: contentOf('etc/ssh/ssh_host_ed25519_key'), mode: 0o600 },
      { path: 'etc/lab-control/authorized_keys', content: await readFile(`${paths.key}.pub`, 'utf8'), mode: 0o600 },
    ];
    const all = [...files, ...own];
    for (const file of all) await writeHostFile(identity, file);
    await execa('tar', ['--create', '--numeric-owner', '--file=identity.tar', '--directory=identity', ...all.map(({ path }) => path)], { cwd: draft });
    await rm(identity, { recursive: true });
    await writeFile(join(draft, 'known_hosts'), `${alias} ${contentOf('etc/ssh/ssh_host_ed25519_key.pub')}`);
    await rename(draft, join(host.folder, 'disk'));
  },

  async start(host) {
    const running = await findKernel(host);
    if (running) return running;
    // What a boot that was cut short has left.
    await uml.powerCut(host);
    const groups = await groupOf(host).make();
    // Its memory is a file, which would be written to the machine's disk over and over.
    await mkdir(join(host.folder, 'memory'), { recursive: true });
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${host.memory + memoryBeside}m,mode=700,nosuid,nodev`, 'tmpfs', join(host.folder, 'memory')]);
    await host.network.addTap(linkOf(host));
    await host.network.addWire(controlOf(host), '169.254.0.1', controlAddress(host));
    await startDetached(host, groups, [...host.network.inside, ...kernelWords(host)], { TMPDIR: join(host.folder, 'memory') });
    const kernel = await until(10_000, 10, () => findKernel(host));
    if (kernel) return kernel;
    throw new Error(`${host.name} does not start: ${await readFile(consoleOf(host), 'utf8').catch(() => 'it left no log')}`);
  },

  async powerCut(host) {
    await groupOf(host).kill();
    await host.network.deleteLink(linkOf(host));
    await host.network.deleteLink(controlOf(host));
    await unmountBelow(join(host.folder, 'memory'));
  },

  async setLink(host, state) {
    await host.network.setSocket(linkOf(host), state);
  },

  async enter(host, words) {
    if (!(await findKernel(host))) throw new Error(`${host.name} is not running`);
    const way = { address: controlAddress(host), user: 'root', key: paths.key, knownHosts: join(host.folder, 'disk/known_hosts') };
    const ssh = sshWords(way, ['-o', `HostKeyAlias=${alias}`, '-o', 'ConnectionAttempts=20']);
    // The way in has a network and a /run of its own.
    const inHost = ['nsenter', '--target=1', '--net', '--mount', '--wd=/root', ...words];
    return [...host.network.inside, ...ssh, inHost.map(quote).join(' ')];
  },

  rootOf: () => undefined,

  async remove(host) {
    await uml.powerCut(host);
    await groupOf(host).remove();
  },
};

/** The kernel's command line. Paths are relative to the host's folder: a socket's name holds 108 letters, and the kernel splits words at blanks. */
function kernelWords(host: HostPlace): string[] {
  const image = relative(host.folder, umlImageOf(host.image));
  return [
    ...[`${image}/boot`, `mem=${host.memory}M`, 'umid=host', 'uml_dir=memory/', 'hostfs=memory/nothing', 'quiet'],
    ...[`ubd0=disk/cow,${image}/base.img`, 'ubd1r=disk/identity.tar', 'root=/dev/ubda', 'rw', 'init=/usr/local/sbin/lab-init', 'seccomp=auto'],
    ...[wire(0, linkOf(host), host), wire(1, controlOf(host), host), 'con=null', 'con0=null,fd:1', 'ssl=null'],
  ];
}

/** A network device of the guest. Its hardware address stays over a boot, as its peers expect. */
function wire(index: number, tap: string, host: HostPlace): string {
  const bytes = [0x02, 0x4d, index, host.network.number, 0, host.number].map((byte) => byte.toString(16).padStart(2, '0'));
  return `vec${index}:transport=tap,ifname=${tap},depth=128,gro=1,mac=${bytes.join(':')}`;
}

function linkOf(host: HostPlace): string {
  return `tap${host.number}`;
}

/** The cable of the lab's own way in. */
function controlOf(host: HostPlace): string {
  return `control${host.number}`;
}

function controlAddress(host: HostPlace): string {
  return `169.254.1.${host.number}`;
}

/** The kernel itself: of all its processes (one for each of the guest's) the one whose parent is none of them. */
async function findKernel(host: HostPlace): Promise<ProcessIdentity | undefined> {
  const pids = await groupOf(host).processes();
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const parent = Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
    const isAlive = /^State:\t[^ZX]/m.test(status);
    if (isAlive && !pids.includes(parent)) return identify(pid);
  }
  return undefined;
}
