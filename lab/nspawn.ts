import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { Cgroup } from './cgroup.ts';
import type { Driver, HostFile, HostPlace } from './driver.ts';
import { isMounted, unmountBelow } from './mounts.ts';
import { identify, until, type ProcessIdentity } from './process.ts';

/** Enters the groups given before `--`, then runs the words after the log's name, again when the host asks for a reboot (status 133). */
const runHost = `
  while [ "$1" != -- ]; do echo $$ >"$1"; shift; done
  exec </dev/null >>"$2" 2>&1
  shift 2
  status=133
  while [ "$status" = 133 ]; do status=0; "$@" || status=$?; done`;

/** Hosts as containers of systemd-nspawn: they share the machine's kernel and answer SSH after two seconds. */
export const nspawn: Driver = {
  async create(host, files) {
    if (existsSync(join(host.folder, 'disk'))) return;
    const draft = join(host.folder, 'disk.partial');
    await rm(draft, { recursive: true, force: true });
    await mkdir(join(draft, 'work'), { recursive: true });
    for (const file of files) await put(join(draft, 'upper'), host.image, file);
    await mkdir(rootOf(host), { recursive: true });
    await rename(draft, join(host.folder, 'disk'));
  },

  async start(host) {
    const running = await findLeader(host);
    if (running) return running;
    // What a boot that was cut short has left.
    await nspawn.powerCut(host);
    const groups = await groupOf(host).make();
    await mount(host);
    const machine = machineOf(host);
    const options = [
      ...['--quiet', '--boot', '--timezone=off', '--register=no', '--keep-unit', '--resolv-conf=off', '--network-bridge=br0', '--link-journal=no'],
      ...[`--directory=${rootOf(host)}`, `--machine=${machine}`, `--hostname=${host.name}`],
    ];
    const command = [...host.network.inside, 'systemd-nspawn', ...options];
    // A session of its own, and nobody's child: hosts outlive the program that started them.
    await execa('setsid', ['--fork', 'sh', '-ec', runHost, 'host', ...groups, '--', logOf(host), ...command], { stdio: 'ignore' });
    const leader = await until(30_000, 10, () => findLeader(host));
    if (leader) return leader;
    throw new Error(`${host.name} does not start: ${await readFile(logOf(host), 'utf8').catch(() => 'it left no log')}`);
  },

  async isRunning(host) {
    return (await groupOf(host).processes()).length > 0;
  },

  async powerCut(host) {
    // First the cable: a host without power does not close its connections.
    await nspawn.setLink(host, 'down').catch(() => {});
    await groupOf(host).kill();
    await host.network.deleteLink(linkOf(host));
  },

  async setLink(host, state) {
    await host.network.setLink(linkOf(host), state);
  },

  async enter(host) {
    const leader = await findLeader(host);
    if (!leader) throw new Error(`${host.name} is not running`);
    return ['nsenter', `--target=${leader.pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd=/root'];
  },

  rootOf,

  async remove(host) {
    await nspawn.powerCut(host);
    await groupOf(host).remove();
    await unmountBelow(host.folder);
  },

  async removeAll(network) {
    const group = new Cgroup(String(network.number));
    await group.kill();
    await group.remove();
  },
};

function rootOf(host: HostPlace): string {
  return join(host.folder, 'root');
}

function logOf(host: HostPlace): string {
  return join(host.folder, 'console.log');
}

/** Unique on the machine, and short: the kernel takes 15 letters for a cable's name. */
function machineOf(host: HostPlace): string {
  return `l${host.network.number}h${host.number}`;
}

/** The cable's end at the bridge, as nspawn calls it. */
function linkOf(host: HostPlace): string {
  return `vb-${machineOf(host)}`;
}

function groupOf(host: HostPlace): Cgroup {
  return new Cgroup(join(String(host.network.number), String(host.number)));
}

async function mount(host: HostPlace): Promise<void> {
  if (await isMounted(rootOf(host))) return;
  const disk = join(host.folder, 'disk');
  const options = `lowerdir=${host.image},upperdir=${join(disk, 'upper')},workdir=${join(disk, 'work')}`;
  await execa('mount', ['-t', 'overlay', 'overlay', '-o', options, rootOf(host)]);
}

/** The container's first process: the one that is number 1 in a namespace of its own. */
async function findLeader(host: HostPlace): Promise<ProcessIdentity | undefined> {
  for (const pid of await groupOf(host).processes()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const isFirst = /^NSpid:\t\d+.*\t1$/m.test(status);
    // Until it has become systemd it is still nspawn's own child, in the machine's file system.
    if (isFirst && /^Name:\tsystemd$/m.test(status)) return identify(pid);
  }
  return undefined;
}

/** A folder of the upper layer replaces the image's in owner and mode: it must have the same. */
async function putFolder(root: string, image: string, folder: string): Promise<void> {
  if (folder === '.' || existsSync(join(root, folder))) return;
  await putFolder(root, image, dirname(folder));
  const { uid, gid, mode } = await stat(join(image, folder));
  await mkdir(join(root, folder));
  await chown(join(root, folder), uid, gid);
  await chmod(join(root, folder), mode & 0o7777);
}

async function put(root: string, image: string, file: HostFile): Promise<void> {
  const path = join(root, file.path);
  await mkdir(root, { recursive: true });
  await putFolder(root, image, dirname(file.path));
  await writeFile(path, file.content);
  await chmod(path, file.mode);
  if (file.owner !== undefined) await chown(path, file.owner, file.owner);
}
